// Images of the data: those that are got wrong, and some that are right by a hair; see panels/images.py.
import { coloursOf, ramp, unpacked } from "pellucid-studio";

const COLUMNS = 5, MOST_HELD = 2000;
const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };

const spaced = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, " ");

export default {
  props: { label: String, still: Object },
  data: () => ({ payload: null, at: 0 }),
  template: `<div role="group" :aria-label="label" @keydown="go">
    <div class="images-count"><b>{{ count[0] }}</b><span>{{ count[1] }}</span></div>
    <template v-for="part in parts" :key="part.title">
      <h3>{{ part.title }}</h3>
      <div class="images-grid" role="group" :aria-label="part.title">
        <button v-for="slot in part.slots" :key="slot.i" type="button" class="image-slot" :class="{ empty: !slot.row, picked: slot.picked }"
          :data-row="slot.row" :disabled="!slot.row" :tabindex="slot.i === entry ? 0 : -1" :aria-label="slot.name || 'empty'" :title="slot.name"
          :aria-pressed="slot.picked" @focus="at = slot.i" @click="$emit('pick', slot.row)">
          <canvas :width="shape[1]" :height="shape[0]" :class="{ coarse: shape[0] < 20 }" aria-hidden="true"></canvas>
          <span class="image-says">{{ slot.says }}</span><span class="image-sure">{{ slot.sure }}</span>
        </button>
      </div>
    </template></div>`,
  computed: {
    shape() { return this.still?.shape ?? [1, 1]; },
    slots() {
      const { payload, still } = this;
      return Array.from({ length: still ? still.wrong + still.right : 0 }, (_, i) => {
        const row = payload ? payload.rows[i] : -1;
        if (row < 0) return { i, row: "", name: "", says: "", sure: "", picked: false };
        const [is, said] = [payload.true[i], payload.said[i]].map((k) => still.classes[k]);
        const sure = `${(100 * payload.sure[i]).toFixed(1)} %`, name = `${still.kind}-${row}`;
        const which = still.kind === "test" ? "test" : "training";
        return {
          i, row: name, sure, picked: payload.picked === name, says: is === said ? is : `${is}, said ${said}`,
          name: `${which} row ${row + 1}: ${is}, said ${said}, ${sure} sure`,
        };
      });
    },
    parts() {
      const n = this.still?.wrong ?? 0;
      return [
        { title: "Wrong, the surest first", slots: this.slots.slice(0, n) },
        { title: "Right, the least sure first", slots: this.slots.slice(n) },
      ];
    },
    /** The one that the Tab key comes to; from there, arrows go on. */
    entry() { return this.slots[this.at]?.row ? this.at : this.slots.findIndex((slot) => slot.row); },
    count() {
      const { payload, still } = this;
      if (!payload || !still) return [" ", " "];
      const kind = still.kind === "test" ? "test" : "training", { wrong, of } = payload;
      const which = of < still.rows ? `the first ${spaced(of)} ${kind}` : `${spaced(of)} ${kind}`;
      return [`${spaced(wrong)} wrong (${((100 * wrong) / (of || 1)).toFixed(1)} %)`, `of ${which} images`];
    },
  },
  watch: {
    still(now, before) { if (now?.key !== before?.key) this.forget(); },
  },
  created() { this.forget(); },
  mounted() {
    this.watcher = new MutationObserver(() => this.paint(true));
    this.watcher.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.$emit("mounted");
  },
  updated() { this.paint(); },
  unmounted() { this.watcher.disconnect(); },
  methods: {
    forget() { Object.assign(this, { payload: null, next: null, held: new Map(), painted: [] }); },
    draw(payload) {
      const { rows, true: is, said, sure } = payload;
      this.next = { ...payload, rows: unpacked(rows), true: unpacked(is), said: unpacked(said), sure: unpacked(sure) };
      this.turn();
      requestAnimationFrame(() => this.$emit("drawn"));
    },
    /** Show what was sent last, once there is an image for each of its rows. */
    turn() {
      if (!this.next || !this.still) return;
      const lacking = [...this.next.rows].filter((row) => row >= 0 && !this.held.has(row));
      if (lacking.length) this.$emit("lacks", { key: this.still.key, rows: lacking });
      else [this.payload, this.next] = [this.next, null];
    },
    take({ key, rows, pixels }) {
      if (key !== this.still?.key) return;
      if (this.held.size > MOST_HELD) this.held.clear();
      const all = unpacked(pixels), size = this.shape[0] * this.shape[1];
      rows.forEach((row, i) => this.held.set(row, all.slice(i * size, (i + 1) * size)));
      this.turn();
    },
    paint(anew = false) {
      if (!this.payload) return;
      const canvases = this.$el.querySelectorAll("canvas"), [rows, columns] = this.shape;
      const table = ramp(coloursOf(this.$el).sequential);
      this.payload.rows.forEach((row, i) => {
        const pixels = this.held.get(row);
        if (!anew && this.painted[i] === row) return;
        this.painted[i] = row;
        const context = canvases[i].getContext("2d"), image = new ImageData(columns, rows);
        context.clearRect(0, 0, columns, rows);
        if (!pixels) return;
        pixels.forEach((value, at) => image.data.set([...table.subarray(3 * value, 3 * value + 3), 255], 4 * at));
        context.putImageData(image, 0, 0);
      });
    },
    go(event) {
      const move = MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      let to = this.at + move;
      while (to >= 0 && to < this.slots.length && !this.slots[to].row) to += move;
      this.$el.querySelectorAll(".image-slot")[to]?.focus();
    },
  },
};
