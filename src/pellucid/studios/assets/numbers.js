// What is pointed at, in numbers: facts, and lists with bars whose rows lead on.
export default {
  props: { label: String, still: Object },
  data: () => ({ payload: null }),
  template: `<div role="region" :aria-label="label"><template v-if="payload">
    <h3>{{ payload.title }}</h3><p class="about">{{ payload.about }}</p>
    <dl v-if="payload.facts.length" class="numbers-facts"><div v-for="[name, value] in payload.facts" :key="name" :class="{ long: value.length > 18 }"><dt>{{ name }}</dt><dd>{{ value }}</dd></div></dl>
    <div class="numbers-lists"><div v-for="list in payload.lists" :key="list.title" class="numbers-list"><h4>{{ list.title }}</h4>
      <component :is="row.pick ? 'button' : 'div'" v-for="row in list.rows" :key="row.pick || row.name" class="numbers-row"
        :type="row.pick ? 'button' : null" :data-pick="row.pick" @click="row.pick && $emit('pick', row.pick)">
        <span class="numbers-name" :title="row.name"><span>{{ split(row.name)[0] }}</span><span>{{ split(row.name)[1] }}</span></span><span class="numbers-bar"><i :style="bar(row.part)"></i></span><span>{{ row.value }}</span></component>
      <div v-if="list.more" class="numbers-more">and {{ list.more }} more</div><div v-if="list.sum" class="numbers-more">{{ list.sum }}</div>
    </div></div></template></div>`,
  mounted() { this.$emit("mounted"); },
  methods: {
    draw(payload) {
      this.payload = payload;
      this.$nextTick(() => requestAnimationFrame(() => this.$emit("drawn")));
    },
    /** Where a name may be shortened: before its value, if it has one, or its end. */
    split(name) {
      const at = name.indexOf("=") + 1 || (name.length > 12 ? name.length - 7 : name.length);
      return [name.slice(0, at), name.slice(at)];
    },
    bar(part) {
      const wide = `${50 * Math.min(Math.abs(part) || 0, 1)}%`;
      return part < 0 ? { right: "50%", width: wide, background: "var(--second)" } : { left: "50%", width: wide, background: "var(--accent)" };
    },
  },
};
