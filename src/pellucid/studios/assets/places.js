// Where the units of the network drawn are, and what lies between them.
import { distinct } from "pellucid-studio";

const TOP = 40, BOTTOM = 30, GAP = 0.22, TIGHT = 60;

/** Where everything is, of a drawing so wide and high; `context` measures its words. */
export function places(still, width, height, context) {
  const { columns, picture } = still, last = columns.length - 1, tall = height - TOP - BOTTOM;
  const share = last > 3 ? 0.2 : 0.25; // of the width, for names
  const left = columns[0].names.length && !picture ? longest(context, columns[0], tall, width, share) : 12;
  const right = Math.max(longest(context, columns[last], tall, width, share), picture ? 62 : 34);
  const image = picture ? Math.min(150, width * 0.2, height * 0.4) : 0;
  const room = (width - left - right) / columns.length, largest = Math.min(110, height * 0.16);
  const narrow = room < TIGHT, part = narrow ? 0.64 : 0.56, spread = narrow ? 2.2 : 1.75;
  const sizes = columns.map(({ units }) => Math.max(14, Math.min(tall / Math.max(units.length, 1) / (1 + GAP), room * part, largest)));
  const from = left + (picture ? image : sizes[0]) / 2, to = width - right - sizes[last] / 2;
  const units = new Map(), boxes = [], middle = TOP + tall / 2;
  columns.forEach((column, layer) => {
    const x = last ? from + ((to - from) * layer) / last : from, size = sizes[layer];
    const step = Math.min(tall / Math.max(column.units.length, 1), size * spread);
    const texts = namesOf(context, column, step, (layer ? right : left) - 17);
    column.units.forEach((unit, i) => {
      const y = middle + (i - (column.units.length - 1) / 2) * step;
      const box = { layer, unit, i, x, y, size, name: column.names[i] ?? "", lines: texts[i] ?? [] };
      units.set(`${layer}-${unit}`, box);
      boxes.push(box);
    });
  });
  const frame = picture && { x: from, y: middle, size: image }, apart = (to - from) / Math.max(last, 1);
  return { boxes, units, sizes, frame, left, right, width, apart, tight: narrow, last, at: (layer) => from + apart * layer };
}

/** The width of the longest name of a column that there is room for, and some air. */
function longest(context, column, tall, width, share) {
  const lines = namesOf(context, column, tall / column.names.length, Math.min(150, width * share) - 18);
  return Math.max(...lines.flat().map((line) => context.measureText(line).width)) + 18;
}

/** Of each unit the lines that name it: of a level its name above that of its column, where two lines fit. */
function namesOf(context, { names, of = [] }, step, room) {
  const two = step >= 32, texts = names.map((name, i) => (two && of[i] ? of[i][0] : name));
  const made = distinct(context, texts.map((text, i) => [text, two && of[i] ? of[i][1] : ""]), room);
  return made.map(([text, column]) => (column ? [text, column] : [text]));
}

/** The edges that are drawn, with their weights. */
export function edgesOf(where, still, payload) {
  const edges = [];
  const skip = still.picture ? 1 : 0;
  payload.weights.forEach((W, k) => {
    const layer = k + 1 + skip, [sources, targets] = [still.columns[layer - 1].units, still.columns[layer].units];
    let most = 0;
    for (const w of W) if (Number.isFinite(w)) most = Math.max(most, Math.abs(w));
    sources.forEach((source, i) => targets.forEach((unit, j) => {
      const w = W[i * targets.length + j], a = where.units.get(`${layer - 1}-${source}`), b = where.units.get(`${layer}-${unit}`);
      edges.push({ kind: "edge", layer, unit, source, w, part: most ? Math.abs(w) / most : 0,
        x0: a.x + a.size / 2, y0: a.y, x1: b.x - b.size / 2, y1: b.y });
    }));
  });
  return edges;
}

export function curve(context, { x0, y0, x1, y1 }) {
  const middle = (x0 + x1) / 2;
  context.beginPath();
  context.moveTo(x0, y0);
  context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
}

/** How far a point is from an edge. */
export function distance({ x0, y0, x1, y1 }, x, y) {
  if (x < x0 - 4 || x > x1 + 4 || y < Math.min(y0, y1) - 8 || y > Math.max(y0, y1) + 8) return Infinity;
  let least = Infinity;
  for (let k = 0; k <= 24; k++) {
    const [px, py] = pointOf({ x0, y0, x1, y1 }, k / 24);
    least = Math.min(least, Math.hypot(px - x, py - y));
  }
  return least;
}

/** The point of an edge at a part of its way. */
function pointOf({ x0, y0, x1, y1 }, t) {
  const s = 1 - t, m = (x0 + x1) / 2;
  return [s ** 3 * x0 + 3 * s * s * t * m + 3 * s * t * t * m + t ** 3 * x1, (s ** 3 + 3 * s * s * t) * y0 + (3 * s * t * t + t ** 3) * y1];
}

/** The left and top of a tip so wide and high about a place: where it covers least of what it tells of. */
export function freeFor([w, h], { x, y, size }, { boxes, left, right, width }, lit, [from, to], height) {
  const names = boxes.filter((box) => box.lines.length).map((box) => box.layer
    ? [box.x + box.size / 2, box.y - 14, width, box.y + 14] : [0, box.y - 14, left, box.y + 14]);
  const points = lit.flatMap((edge) => Array.from({ length: 13 }, (_, k) => pointOf(edge, k / 12)));
  const far = size / 2 + 12, made = [];
  for (const wanted of [x + far, x - far - w, x - w / 2, x + far + 60, x - far - w - 60])
    for (const high of [y - h / 2, y - far - h, y + far, y - far - h - 50, y + far + 50, TOP, height]) {
      const [a, b] = [Math.max(Math.min(wanted, to - w - 2), from + 2), Math.max(Math.min(high, height - h - 14), 0)];
      const covers = ([l, t, r, u]) => l < a + w + 4 && r > a - 4 && t < b + h + 4 && u > b - 4;
      const cost = Math.hypot(a + w / 2 - x, b + h / 2 - y) / 60 + 10 * names.filter(covers).length + (b < TOP - 10 ? 12 : 0)
        + 5 * boxes.filter((o) => covers([o.x - o.size / 2, o.y - o.size / 2, o.x + o.size / 2, o.y + o.size / 2])).length
        + points.filter(([px, py]) => covers([px, py, px, py])).length
        + (covers([x - size / 2, y - size / 2, x + size / 2, y + size / 2]) ? 100 : 0);
      made.push([cost, a, b]);
    }
  return made.reduce((best, each) => (each[0] < best[0] ? each : best)).slice(1);
}
