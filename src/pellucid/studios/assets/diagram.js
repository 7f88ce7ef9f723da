// The network: units that show what they respond to, edges by weight, and buttons to reach each by key.
import { classColours, coloursOf, drawing, ramp, short, unpacked } from "pellucid-studio";
import { curve, distance, edgesOf, freeFor, places } from "pellucid-studio/places.js";

const keyOf = ({ kind, layer, unit, source }) =>
  kind === "unit" ? `unit-${layer}-${unit}` : `edge-${layer}-${source + 1}-${unit}`;

/** Whether an edge is what is lit, or leads to or from it. */
const touches = (e, lit) => lit.kind === "unit"
  ? (e.layer === lit.layer && e.unit === lit.unit) || (e.layer - 1 === lit.layer && e.source === lit.unit)
  : keyOf(e) === keyOf(lit);

/** The colours of the pictures in the units of a column. */
function rampOf(still, layer, unit, colours) {
  if (layer < still.columns.length - 1) return ramp(layer === 0 && still.picture ? colours.sequential : colours.diverging);
  const series = classColours(colours, still.outputs === "two" ? 2 : still.columns[layer].size);
  if (still.outputs === "several") return ramp([colours.ground, series[unit % series.length]]);
  if (still.outputs === "two") return ramp([series[0], colours.ground, series[1]]);
  return ramp(colours.sequential);
}

function imageOf(maps, i, table, flip, sheet) {
  const [, rows, columns] = maps.shape, image = new ImageData(columns, rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const value = maps[(i * rows + (flip ? rows - 1 - row : row)) * columns + column];
      const to = 4 * (row * columns + column);
      image.data.set(table.subarray(3 * value, 3 * value + 3), to);
      image.data[to + 3] = 255;
    }
  sheet.width = columns;
  sheet.height = rows;
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

function rounded(context, x, y, w, h, radius) {
  context.beginPath();
  context.roundRect(x, y, w, h, radius);
}

function paint({ context, width, height, payload, still, colours, state }) {
  if (!still) return;
  const laid = [still, width, height]; // while it trains nothing moves: words are measured once
  if (!state.laid?.every((each, i) => each === laid[i])) Object.assign(state, { laid, where: places(still, width, height, context) });
  const { where } = state;
  const fits = payload?.key === still.key;
  const [below, above] = [colours.diverging[1], colours.diverging[colours.diverging.length - 2]];
  const lit = state.over ?? state.picked ?? null;
  heads(context, where, still, colours);
  const edges = (state.edges = fits ? edgesOf(where, still, payload) : []);
  const sheet = (state.sheet ??= document.createElement("canvas"));
  if (fits && where.frame) bundle(context, where, still, colours);
  for (const edge of [...edges].sort((a, b) => a.part - b.part)) {
    const on = !lit || touches(edge, lit);
    curve(context, edge);
    context.strokeStyle = edge.w < 0 ? below : above;
    context.globalAlpha = (0.25 + 0.7 * edge.part) * (on ? 1 : state.over ? 0.18 : 1);
    context.lineWidth = 0.6 + 4.4 * edge.part + (lit?.kind === "edge" && on ? 2 : 0);
    context.stroke();
  }
  context.globalAlpha = 1;
  for (const edge of edges.filter((e) => state.picked?.kind === "edge" && keyOf(e) === keyOf(state.picked))) {
    context.strokeStyle = colours.ink;
    context.setLineDash([4, 4]);
    context.lineWidth = 1.4;
    curve(context, edge);
    context.stroke();
    context.setLineDash([]);
  }
  if (where.frame) picture(context, where.frame, fits && payload, still, colours, sheet);
  for (const box of where.boxes) unit(context, box, fits && payload, still, colours, state, sheet, [below, above]);
  labels(context, where, still, colours, fits && payload);
}

/** What each column is; names of layers, and of what they do, only where there is room. */
function heads(context, where, still, colours) {
  const style = context.font, { columns } = still, { apart, tight, last, sizes } = where;
  const named = columns.slice(1, -1).every((c) => context.measureText(c.activation).width < apart - 6);
  context.textBaseline = "top";
  columns.forEach((column, layer) => {
    const inner = layer && layer < last, out = tight && !inner ? sizes[layer] / 2 : 0; // the ends give way
    context.textAlign = out ? (layer ? "left" : "right") : "center";
    const x = where.at(layer) + (layer ? -out : out);
    context.fillStyle = colours.ink;
    context.font = style.replace("12px", "600 12px");
    context.fillText(inner && apart < 74 ? `${layer}` : column.title, x, 2);
    context.font = style;
    context.fillStyle = colours.muted;
    if (named || !inner) context.fillText(layer ? column.activation : `${column.size}`, x, 18);
  });
}

/** Of pictures: all inputs reach each unit of the first layer. */
function bundle(context, { frame, boxes }, still, colours) {
  context.strokeStyle = colours.line;
  context.lineWidth = 1.5;
  for (const box of boxes.filter((b) => b.layer === 1)) {
    curve(context, { x0: frame.x + frame.size / 2, y0: frame.y, x1: box.x - box.size / 2, y1: box.y });
    context.stroke();
  }
}

function picture(context, { x, y, size }, payload, still, colours, sheet) {
  const [left, top] = [x - size / 2, y - size / 2];
  if (payload) {
    context.imageSmoothingEnabled = false;
    context.drawImage(imageOf(payload.seen[0], 0, ramp(colours.sequential), false, sheet), left, top, size, size);
    context.fillStyle = colours.muted;
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText(payload.case, x, top + size + 8);
  }
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, size + 1, size + 1);
}

function unit(context, box, payload, still, colours, state, sheet, [below, above]) {
  const { layer, x, y, size, i } = box, [left, top] = [x - size / 2, y - size / 2], radius = Math.min(6, size / 6);
  context.fillStyle = colours.ground;
  rounded(context, left, top, size, size, radius);
  context.fill();
  const last = layer === still.columns.length - 1;
  if (payload) {
    const maps = payload.seen[layer];
    context.save();
    context.clip();
    const isMap = maps.shape[1] > 1;
    context.imageSmoothingEnabled = isMap && !still.picture;
    context.drawImage(imageOf(maps, i, rampOf(still, layer, box.unit, colours), !still.picture, sheet), left, top, size, size);
    if (payload.at && isMap && state.picked && !["unit", "edge"].includes(state.picked.kind)) {
      context.beginPath();
      context.arc(left + payload.at[0] * size, top + (1 - payload.at[1]) * size, 3, 0, 2 * Math.PI);
      context.fillStyle = colours.ink;
      context.strokeStyle = colours.ground;
      context.lineWidth = 1.5;
      context.fill();
      context.stroke();
    }
    context.restore();
  }
  const mine = state.picked?.kind === "unit" && state.picked.layer === layer && state.picked.unit === box.unit;
  const over = state.over?.kind === "unit" && state.over.layer === layer && state.over.unit === box.unit;
  rounded(context, left, top, size, size, radius);
  context.lineWidth = mine ? 3 : over ? 2 : 1;
  context.strokeStyle = mine ? colours.accent : over ? colours.ink : colours.line;
  context.stroke();
  const b = layer > 0 && payload ? payload.biases[layer - 1][i] : undefined;
  if (b !== undefined && (!last || size > 20)) {
    const all = payload.biases[layer - 1];
    let most = 0.5;
    for (const value of all) most = Math.max(most, Math.abs(value) || 0);
    context.beginPath();
    context.arc(left, top + size, 2 + Math.min(size / 9, 4) * Math.min(Math.abs(b) / most, 1), 0, 2 * Math.PI);
    context.fillStyle = b < 0 ? below : above;
    context.fill();
    context.lineWidth = 1.2;
    context.strokeStyle = colours.ground;
    context.stroke();
  }
}

/** Names of inputs at their left, of outputs at their right. */
function labels(context, where, still, colours, payload) {
  context.textBaseline = "middle";
  for (const { layer, i, x, y, size, lines } of where.boxes) {
    if (!lines.length) continue;
    const at = layer ? x + size / 2 + 8 : x - size / 2 - 7, level = still.picture && payload ? payload.levels[layer][i] : null;
    const below = level === null ? lines[1] : still.outputs === "values" ? short(level) : `${(100 * level).toFixed(1)} %`;
    context.textAlign = layer ? "left" : "right";
    context.fillStyle = colours.ink;
    context.fillText(lines[0], at, below ? y - 8 : y);
    context.fillStyle = colours.muted;
    if (below) context.fillText(below, at, y + 8);
  }
}

/** What there is to read of a unit or an edge, in a few lines. */
function tip(lit, still, payload) {
  const columns = still.columns, nameOf = (layer, unit) => {
    const column = columns[layer], i = column.units.indexOf(unit);
    return column.names[i] || (layer === columns.length - 1 ? `output ${unit + 1}` : `layer ${layer}, unit ${unit + 1}`);
  };
  if (lit.kind === "edge") {
    const k = lit.layer - 1 - (still.picture ? 1 : 0), i = columns[lit.layer - 1].units.indexOf(lit.source);
    const j = columns[lit.layer].units.indexOf(lit.unit), W = payload.weights[k];
    if (!W || i < 0 || j < 0) return null;
    return [`${nameOf(lit.layer - 1, lit.source)} → ${nameOf(lit.layer, lit.unit)}`, `weight ${short(W[i * columns[lit.layer].units.length + j])}`];
  }
  const column = columns[lit.layer], i = column.units.indexOf(lit.unit);
  if (i < 0) return null;
  const lines = [nameOf(lit.layer, lit.unit)];
  if (lit.layer) lines[0] += ` · ${column.activation}`;
  const b = lit.layer ? payload.biases[lit.layer - 1][i] : undefined;
  if (b !== undefined) lines.push(`bias ${short(b)}`);
  lines.push(`${short(payload.levels[lit.layer][i])} for ${payload.case}`);
  return lines;
}

const base = drawing({
  unpack: (payload) => ({
    ...payload,
    ...Object.fromEntries(["weights", "biases", "levels", "seen"].map((name) => [name, payload[name].map(unpacked)])),
  }),
  paint,
});

const read = (text) => {
  const [kind, ...n] = (text ?? "").split("-"), [a, b, c] = n.map(Number);
  if (kind === "unit") return { kind, layer: a, unit: b };
  if (kind === "edge") return { kind, layer: a, source: b - 1, unit: c };
  return kind ? { kind, row: a } : null;
};

export default {
  ...base,
  props: { ...base.props, picked: String },
  data: () => ({ spots: [], more: [], tips: null }),
  watch: {
    ...base.watch,
    picked() { this.state.picked = read(this.picked); this.repaint(); },
  },
  template: `<div role="group" :aria-label="label" @pointermove="moved" @pointerleave="left" @click="clicked">
    <canvas></canvas>
    <button v-for="spot in spots" :key="spot.key" type="button" class="unit-spot" :data-unit="spot.key"
      :style="spot.style" :aria-label="spot.label" :aria-pressed="picked === spot.key ? 'true' : 'false'"
      :tabindex="spot.first ? 0 : -1" @focus="focused(spot)" @blur="left" @keydown="keyed($event, spot)"
      @click.stop="$emit('pick', spot.key)"></button>
    <button v-for="each in more" :key="each.layer" type="button" class="more-units" :class="{ tight: each.tight }" :style="each.style"
      :aria-label="each.label" @click.stop="$emit('more', each.layer)">{{ each.text }}</button>
    <div v-if="tips" class="drawing-tip" :style="tips.style" aria-live="polite">
      <canvas v-show="tips.map" ref="map" width="120" height="120" aria-hidden="true"></canvas>
      <div v-for="(line, i) in tips.lines" :key="i">{{ line }}</div>
    </div></div>`,
  mounted() {
    base.mounted.call(this);
    this.state.picked = read(this.picked);
  },
  methods: {
    ...base.methods,
    paintNow() {
      base.methods.paintNow.call(this);
      if (this.kept && this.state.where) this.place();
      if (this.state.over) this.tell();
    },
    /** Buttons where the units are, moved only when the layout is another. */
    place() {
      const { where } = this.state, { columns, key } = this.kept, { clientWidth: w, clientHeight: h } = this.$el;
      const mark = `${key} ${w} ${h} ${columns.map((c) => c.size + c.activation + c.names).join()}`;
      if (mark === this.mark) return;
      this.mark = mark;
      this.spots = where.boxes.map((box) => ({
        ...box,
        key: `unit-${box.layer}-${box.unit}`,
        first: box.i === 0,
        label: box.layer === 0 ? `input ${box.name}` : box.layer === where.last ? `output ${box.name}` : `layer ${box.layer}, unit ${box.unit + 1}`,
        style: { left: `${box.x - box.size / 2}px`, top: `${box.y - box.size / 2}px`, width: `${box.size}px`, height: `${box.size}px` },
      }));
      this.more = columns.flatMap((column, layer) => {
        const hidden = column.size - column.units.length;
        if (!hidden || !column.units.length) return [];
        return [{ layer, text: where.apart < 86 ? `+${hidden}` : `+${hidden} more`, tight: where.tight, label: `${column.title}: show other units than ${column.units[0] + 1} to ${column.units.at(-1) + 1} of ${column.size}`,
          style: { left: `${where.at(layer)}px` } }];
      });
    },
    /** The unit or edge below the pointer. */
    below(x, y) {
      for (const box of this.state.where?.boxes ?? [])
        if (Math.abs(x - box.x) <= box.size / 2 && Math.abs(y - box.y) <= box.size / 2)
          return { kind: "unit", layer: box.layer, unit: box.unit };
      let [found, least] = [null, 6];
      for (const edge of this.state.edges ?? []) {
        const far = distance(edge, x, y) - edge.part * 2;
        if (far < least) [found, least] = [edge, far];
      }
      return found && { kind: "edge", layer: found.layer, unit: found.unit, source: found.source };
    },
    spotOf(event) {
      const box = this.$el.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    },
    moved(event) {
      if (event.target.closest(".more-units")) return;
      const [x, y] = this.spotOf(event), over = this.below(x, y);
      this.state.over = over;
      this.state.near = over && [x, y];
      this.$el.style.cursor = over ? "pointer" : "";
      if (!over) this.tips = null;
      this.repaint();
    },
    left() {
      this.state.over = null;
      this.tips = null;
      this.repaint();
    },
    clicked(event) {
      const over = this.below(...this.spotOf(event));
      this.$emit("pick", over ? keyOf(over) : "");
    },
    focused(spot) {
      this.state.over = { kind: "unit", layer: spot.layer, unit: spot.unit };
      this.state.near = [spot.x + spot.size / 2, spot.y];
      this.repaint();
    },
    keyed(event, spot) {
      const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      const others = this.spots.filter((s) => s.layer === spot.layer + step[0]);
      const next = step[0] ? others.sort((a, b) => Math.abs(a.y - spot.y) - Math.abs(b.y - spot.y))[0]
        : others.find((s) => s.i === spot.i + step[1]);
      if (next) this.$el.querySelector(`[data-unit="${next.key}"]`).focus();
    },
    /** What is below the pointer, in words, and a unit's map enlarged. */
    tell() {
      const { over, near } = this.state, { payload, kept: still } = this;
      if (!payload || payload.key !== still.key) return;
      const lines = tip(over, still, payload);
      if (!lines) { this.tips = null; return; }
      const box = over.kind === "unit" && this.state.where.units.get(`${over.layer}-${over.unit}`);
      const map = box && box.size < 56 && payload.seen[over.layer].shape[1] > 1 && !(still.picture && over.layer === 0);
      const [left, top] = this.freeFor(lines, map, box || { x: near[0], y: near[1], size: 8 });
      const style = { left: `${left}px`, top: `${top}px` };
      this.tips = { lines, map, style };
      if (map) this.$nextTick(() => this.enlarge(over, still, payload));
    },
    /** Where a tip hides least of what it is about, in the part of the drawing that can be seen. */
    freeFor(lines, map, at) {
      const { where, over, edges } = this.state, { scrollLeft, clientWidth } = this.$el.parentElement;
      const context = this.canvas.getContext("2d"), from = Math.max(scrollLeft, 0);
      const wide = Math.max(...lines.map((line) => context.measureText(line).width * 1.1), map ? 120 : 0) + 22;
      return freeFor([wide, 18 * lines.length + 18 + (map ? 128 : 0)], at, where, edges.filter((e) => touches(e, over)),
        [from, Math.min(from + clientWidth, where.width)], this.$el.clientHeight);
    },
    enlarge(over, still, payload) {
      const context = this.$refs.map?.getContext("2d");
      if (!context) return;
      const i = still.columns[over.layer].units.indexOf(over.unit), colours = coloursOf(this.$el);
      context.imageSmoothingEnabled = !still.picture;
      context.drawImage(imageOf(payload.seen[over.layer], i, rampOf(still, over.layer, over.unit, colours), !still.picture, this.state.sheet), 0, 0, 120, 120);
    },
  },
};
