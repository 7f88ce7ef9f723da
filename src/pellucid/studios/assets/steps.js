// An explanation, line by line: one line is where one is; a number leads to the line that made it.
export default {
  props: { label: String, still: Object },
  data: () => ({ payload: null }),
  template: `<div role="region" :aria-label="label" tabindex="0" @click="clicked" @keydown="keyed" @mouseover="light($event, true)"
    @mouseout="light($event, false)" @focusin="light($event, true)" @focusout="light($event, false)" v-html="payload?.html ?? ''"></div>`,
  mounted() {
    this.at = -1;
    this.$emit("mounted");
  },
  methods: {
    draw(payload) {
      const { scrollTop } = this.$el, shut = [...this.$el.querySelectorAll("details")].map((each) => !each.open);
      this.payload = payload;
      this.$nextTick(() => {
        this.$el.querySelectorAll("details").forEach((each, i) => { if (shut[i]) each.open = false; });
        this.mark(false);
        this.$el.scrollTop = scrollTop;
        requestAnimationFrame(() => this.$emit("drawn"));
      });
    },
    lines() { return [...this.$el.querySelectorAll(".line")]; },
    go(by) { this.reach(this.at + by); },
    /** To the first line of the next section. */
    leap() {
      const lines = this.lines(), here = lines[this.at]?.closest("details");
      const next = lines.findIndex((line, i) => i > this.at && line.closest("details") !== here);
      this.reach(next < 0 ? 0 : next);
    },
    reach(to) {
      const lines = this.lines();
      this.at = Math.max(0, Math.min(to, lines.length - 1));
      this.mark(true);
      if (lines.length) this.$emit("line", this.at);
    },
    mark(show) {
      this.lines().forEach((line, i) => {
        line.classList.toggle("here", i === this.at);
        if (i !== this.at || !show) return;
        line.closest("details").open = true;
        const box = this.$el, top = line.getBoundingClientRect().top - box.getBoundingClientRect().top;
        if (top < 30 || top > box.clientHeight - 60) box.scrollTop += top - box.clientHeight / 3;
      });
    },
    clicked(event) {
      const n = event.target.closest("a.n"), line = event.target.closest(".line");
      if (n) event.preventDefault();
      const place = n ? this.source(n) : line;
      if (place) this.reach(this.lines().indexOf(place));
    },
    keyed(event) {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by || event.target !== this.$el) return;
      event.preventDefault();
      this.go(by);
    },
    source(n) { return this.$el.querySelector(`[id="${n.getAttribute("href").slice(1)}"]`); },
    light(event, on) {
      const n = event.target.closest("a.n"), line = event.target.closest(".line");
      if (n) {
        this.source(n)?.classList.toggle("lit", on);
        n.classList.toggle("lit", on);
      } else if (line && event.target.closest(".value"))
        for (const user of this.$el.querySelectorAll(`a.n[href="#${line.id}"]`)) user.classList.toggle("lit", on);
    },
  },
};
