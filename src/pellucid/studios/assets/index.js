// What the drawings of the studio have in common; see drawing.py. Nothing here is loaded from elsewhere.

const KINDS = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array, float32: Float32Array };

/** The numbers that Python packed, as a typed array with a `shape`. */
export function unpacked({ kind, shape, bytes }) {
  const text = atob(bytes);
  const raw = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) raw[i] = text.charCodeAt(i);
  const numbers = new KINDS[kind](raw.buffer);
  numbers.shape = shape;
  return numbers;
}

/** The page's colours as they are now, light or dark, such as `colours.ink`, and `colours.series[2]`. */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const list = (name) => read(name).split(" ").filter(Boolean);
  const colours = { series: list("series"), diverging: list("diverging"), sequential: list("sequential") };
  for (const name of ["ground", "card", "ink", "muted", "line", "accent", "second", "good", "bad"])
    colours[name] = read(name);
  return colours;
}

/** The colours of k classes: of two the second, whose probability the output is, is as all that is positive. */
export const classColours = ({ series }, k) => (k === 2 ? [series[1], series[0]] : series);

/** [r, g, b] of "#rrggbb". */
export const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** 256 colours between stops, as a flat array of r, g, b. */
export function ramp(stops) {
  const ends = stops.map(rgb), table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (ends.length - 1), k = Math.min(Math.floor(at), ends.length - 2);
    for (let c = 0; c < 3; c++)
      table[3 * i + c] = ends[k][c] + (at - k) * (ends[k + 1][c] - ends[k][c]);
  }
  return table;
}

/** A number as people write it, short. */
export function short(x) {
  if (!Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e5 || size < 1e-3) return x.toExponential(1).replace("e+", "e").replace("-", "−");
  return String(Number(x.toPrecision(size >= 100 ? 4 : 3))).replace("-", "−");
}

/** Of a text what there is room for: without its unit, or its beginning and its end. */
export function shortened(context, text, room) {
  const fits = (made) => context.measureText(made).width <= room, bare = text.replace(/ \([^()]*\)$/, "");
  if (fits(text)) return text;
  if (bare && fits(bare)) return bare;
  for (let kept = text.length - 1; kept > 1; kept--) {
    const made = text.slice(0, Math.ceil(kept / 2)) + "…" + text.slice(text.length - Math.floor(kept / 2));
    if (fits(made)) return made;
  }
  return "…";
}

/** Labels, each of a few texts, as there is room for, no two alike: those that would be begin where they differ. */
export function distinct(context, labels, room) {
  const short = labels.map((label) => label.map((text) => shortened(context, text, room)));
  const alike = (i) => labels.filter((_, j) => short[j].join("\n") === short[i].join("\n"));
  return short.map((made, i) => {
    const same = alike(i);
    if (same.length < 2) return made;
    let from = 0;
    while (from < labels[i][0].length && same.every(([text]) => text[from] === labels[i][0][from])) from++;
    const rest = labels[i][0].slice(from), begun = shortened(context, `…${rest}`, room);
    const others = same.filter((label) => shortened(context, `…${label[0].slice(from)}`, room) === begun);
    return [others.length > 1 ? shortened(context, `${i + 1}: ${rest}`, room) : begun, ...made.slice(1)];
  });
}

/** A round number that goes about `n` times into a range of such a size. */
export function roundStep(size, n) {
  const rough = size / n, power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((k) => k * power >= rough) ?? 10);
}

/** About `n` round numbers from low to high. */
export function ticks(low, high, n) {
  if (!(high > low)) return [low];
  const step = roundStep(high - low, n), made = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    made.push(Number((i * step).toPrecision(12)));
  return made;
}

/**
 * A component that draws on a canvas whatever it is sent, sharp at every size, in light and dark.
 *
 * paint({ context, width, height, payload, still, colours, state, element }) draws it all, in CSS
 * pixels: `payload` is what `draw` sent last (null before), `still` what `still` did (or null).
 * point?({ x, y, kind, payload, still, state, emit, repaint, event }) is told of "move", "leave",
 * "down", "up" and "click" of the pointer, in CSS pixels; what it keeps in `state`, `paint` sees,
 * and `emit(name, value)` tells Python: `drawing.on("name", handler)`.
 * unpack?(payload), unpackStill?(still) make of what was sent what `paint` gets, once.
 */
export function drawing({ paint, point, unpack, unpackStill }) {
  return {
    props: { label: String, still: Object },
    watch: {
      still() { this.keepStill(); },
    },
    template: `<div role="img" :aria-label="label"><canvas></canvas></div>`,
    mounted() {
      this.canvas = this.$el.querySelector("canvas");
      this.payload = null;
      this.state = {};
      this.keepStill();
      this.watchers = [new ResizeObserver(() => this.repaint()), new MutationObserver(() => this.repaint())];
      this.watchers[0].observe(this.$el);
      this.watchers[1].observe(document.body, { attributes: true, attributeFilter: ["class"] });
      if (point) this.listen();
      this.$emit("mounted");
    },
    unmounted() {
      this.watchers.forEach((watcher) => watcher.disconnect());
      cancelAnimationFrame(this.frame);
    },
    methods: {
      keepStill() {
        const still = this.still ?? null;
        this.kept = still && unpackStill ? unpackStill(still) : still;
        this.repaint();
      },
      draw(payload) {
        this.payload = unpack ? unpack(payload) : payload;
        this.fresh = true;
        this.repaint();
      },
      repaint() {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => {
          this.paintNow();
          if (this.fresh) this.$emit("drawn");
          this.fresh = false;
        });
      },
      paintNow() {
        const { clientWidth: width, clientHeight: height } = this.$el;
        if (!width || !height) return;
        const scale = window.devicePixelRatio || 1, canvas = this.canvas;
        const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
        if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
        const context = canvas.getContext("2d");
        context.setTransform(scale, 0, 0, scale, 0, 0);
        context.clearRect(0, 0, width, height);
        if (this.payload === null && this.kept === null) return;
        const style = getComputedStyle(this.$el);
        context.font = `12px ${style.fontFamily}`;
        const { payload, state, kept: still } = this, colours = coloursOf(this.$el);
        paint({ context, width, height, payload, still, colours, state, element: this.$el });
      },
      listen() {
        const tell = (kind) => (event) => {
          if (this.payload === null && this.kept === null) return;
          const box = this.$el.getBoundingClientRect();
          const [x, y] = [event.clientX - box.left, event.clientY - box.top];
          const { payload, state, kept: still } = this;
          const emit = (name, value) => this.$emit(name, value);
          point({ x, y, kind, payload, still, state, emit, repaint: () => this.repaint(), event });
        };
        const kinds = { pointermove: "move", pointerleave: "leave", pointerdown: "down", pointerup: "up" };
        for (const [name, kind] of Object.entries(kinds)) this.$el.addEventListener(name, tell(kind));
        this.$el.addEventListener("click", tell("click"));
      },
    },
  };
}
