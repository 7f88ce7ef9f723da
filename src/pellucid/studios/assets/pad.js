// The pad: where one draws with pointer, finger or keys, what the network gets of it, and what it says.
import { coloursOf, ramp, unpacked } from "pellucid-studio";

const SIDE = 112, PEN = 11, STEP = 4;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** An image on a canvas of its own, to be drawn at any size. */
function sheetOf(image) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [image.width, image.height];
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

export default {
  props: { label: String, still: Object },
  data: () => ({ payload: null, empty: true, shares: [], best: -1, byKeys: false, isDown: false }),
  template: `<div><div class="pad-row">
    <div class="pad-sheet">
      <canvas ref="sheet" width="224" height="224" role="application" tabindex="0" :aria-label="label" @pointerdown="begin" @pointermove="go"
        @pointerup="end" @pointercancel="end" @keydown="key" @focus="focus" @blur="leave"></canvas>
      <div v-if="empty && !byKeys" class="pad-hint" aria-hidden="true">draw here</div>
      <button type="button" class="pad-wipe" aria-label="Wipe what is drawn" :disabled="empty" @click="wipe(true)">wipe</button>
    </div>
    <div class="pad-seen"><canvas ref="seen" role="img" aria-label="What the network gets"></canvas><span>what the network gets</span></div>
    <div class="pad-shares" role="list" aria-label="How likely each class is">
      <div v-for="(name, i) in still?.classes ?? []" :key="name" class="pad-share" :class="{ best: i === best }" role="listitem">
        <span class="pad-name">{{ name }}</span><span class="pad-bar"><i :style="{ width: 100 * (shares[i] ?? 0) + '%' }"></i></span>
        <span class="pad-part">{{ shares.length ? (100 * shares[i]).toFixed(1) + " %" : "–" }}</span></div>
    </div></div>
    <div class="hint"><span>Draw with mouse or finger, or by keys: arrows move the pen, Space puts it down or lifts it, Delete wipes.</span>
      <span role="status">{{ byKeys ? (isDown ? "The pen is down." : "The pen is up.") : "" }}</span></div></div>`,
  mounted() {
    this.cursor = [SIDE / 2, SIDE / 2];
    this.ink = document.createElement("canvas");
    this.ink.width = this.ink.height = SIDE;
    this.context = this.ink.getContext("2d", { willReadFrequently: true });
    this.wipe(false);
    this.watcher = new MutationObserver(() => { this.paint(); this.paintSeen(); });
    this.watcher.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.$emit("mounted");
  },
  unmounted() { this.watcher.disconnect(); },
  methods: {
    draw(payload) {
      this.payload = { probabilities: unpacked(payload.probabilities), pixels: unpacked(payload.pixels) };
      if (payload.laid && payload.laid !== this.laid) this.lay(payload.laid);
      if (!this.empty) {
        this.shares = [...this.payload.probabilities];
        this.best = this.shares.indexOf(Math.max(...this.shares));
        this.paintSeen();
      }
      requestAnimationFrame(() => this.$emit("drawn"));
    },
    at(event) {
      const box = this.$refs.sheet.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
    },
    begin(event) {
      this.$refs.sheet.setPointerCapture(event.pointerId);
      this.last = this.at(event);
      Object.assign(this, { empty: false, byKeys: false, isDown: false });
      this.line(this.last);
    },
    go(event) {
      if (!this.last) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.line(this.at(each));
    },
    end() { this.last = null; this.send(); },
    focus() { this.byKeys = this.$refs.sheet.matches(":focus-visible"); this.paint(); },
    leave() { Object.assign(this, { byKeys: false, isDown: false }); this.paint(); },
    key(event) {
      const arrow = ARROWS[event.key], cursor = this.cursor, isPen = event.key === " " || event.key === "Enter";
      if (arrow) this.cursor = cursor.map((c, i) => Math.min(Math.max(c + STEP * arrow[i], 0), SIDE));
      else if (isPen) { if (!event.repeat) this.isDown = !this.isDown; }
      else if (["Delete", "Backspace", "Escape"].includes(event.key)) { this.isDown = false; this.wipe(true); }
      else return;
      event.preventDefault();
      event.stopPropagation();
      this.byKeys = true;
      if (this.isDown && (arrow || !event.repeat)) {
        this.empty = false;
        this.last = cursor;
        this.line(this.cursor);
        this.last = null;
      } else this.paint();
    },
    /** A row of the data as what is drawn; it is not told, since the other side has it. */
    lay(laid) {
      const [rows, columns] = this.still.shape, image = new ImageData(columns, rows);
      this.payload.pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
      this.context.fillStyle = "#000";
      this.context.fillRect(0, 0, SIDE, SIDE);
      this.context.drawImage(sheetOf(image), 0, 0, SIDE, SIDE);
      Object.assign(this, { laid, empty: false });
      this.paint();
    },
    line(to) {
      const c = this.context;
      Object.assign(c, { strokeStyle: "#fff", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
      c.beginPath();
      c.moveTo(...this.last);
      c.lineTo(...to);
      c.stroke();
      this.last = to;
      this.paint();
      this.soon();
    },
    /** At most some ten times a second, and the last in any case. */
    soon() { this.timer ??= setTimeout(() => this.send(), 90); },
    send() {
      clearTimeout(this.timer);
      this.timer = null;
      const { data } = this.context.getImageData(0, 0, SIDE, SIDE);
      let text = "";
      for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
      this.$emit("ink", btoa(text));
    },
    wipe(tell) {
      this.context.fillStyle = "#000";
      this.context.fillRect(0, 0, SIDE, SIDE);
      Object.assign(this, { empty: true, shares: [], best: -1, payload: null });
      this.paint();
      this.paintSeen();
      if (tell) this.send();
    },
    paint() {
      this.colour(this.context.getImageData(0, 0, SIDE, SIDE).data, 4, SIDE, SIDE, this.$refs.sheet, 224);
      if (this.byKeys) this.paintPen();
    },
    /** Where the pen is, full while it is down. */
    paintPen() {
      const context = this.$refs.sheet.getContext("2d"), colours = coloursOf(this.$el), scale = 224 / SIDE;
      for (const [wide, colour] of [[5, colours.ground], [2.5, colours.ink]]) {
        context.beginPath();
        context.arc(...this.cursor.map((c) => c * scale), PEN, 0, 2 * Math.PI);
        Object.assign(context, { lineWidth: wide, strokeStyle: colour, fillStyle: colours.ink });
        context.stroke();
        if (this.isDown && wide < 5) context.fill();
      }
    },
    paintSeen() {
      const [rows, columns] = this.still?.shape ?? [8, 8];
      this.colour(this.payload?.pixels ?? new Uint8Array(rows * columns), 1, rows, columns, this.$refs.seen, 112);
    },
    colour(values, step, rows, columns, canvas, side) {
      if (!canvas) return;
      const table = ramp(coloursOf(this.$el).sequential), image = new ImageData(columns, rows);
      for (let i = 0; i < rows * columns; i++) {
        image.data.set(table.subarray(3 * values[i * step], 3 * values[i * step] + 3), 4 * i);
        image.data[4 * i + 3] = 255;
      }
      canvas.width = canvas.height = side;
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = step === 4;
      context.drawImage(sheetOf(image), 0, 0, side, side);
    },
  },
};
