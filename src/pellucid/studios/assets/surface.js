// The decision surface: a map of what the network says between two inputs, and the data on it.
import { classColours, drawing, ramp, rgb, short, ticks, unpacked } from "pellucid-studio";

const LEFT = 44, BOTTOM = 34, TOP = 4, RIGHT = 8;

/** The map as an image, one pixel for each point of the grid, the highest line first. */
function mapOf({ kind, side, values, classes }, colours, still) {
  const image = new ImageData(side, side), data = image.data;
  const ground = rgb(colours.ground);
  const series = classColours(colours, still.classes?.length).map(rgb);
  const table = ramp(kind === "two" ? between(colours) : colours.sequential);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const from = (side - 1 - row) * side + column, to = 4 * (row * side + column);
      let colour;
      if (kind === "several") {
        const most = series[classes[from] % series.length], k = still.classes.length;
        const sure = Math.max(values[from] / 255 - 1 / k, 0) / (1 - 1 / k);
        colour = most.map((c, i) => ground[i] + (c - ground[i]) * (0.1 + 0.5 * sure));
      } else colour = table.subarray(3 * values[from], 3 * values[from] + 3);
      data.set(colour, to);
      data[to + 3] = 255;
    }
  return image;
}

/** From the colour of the first class over the ground to that of the second, both pale. */
function between(colours) {
  const { ground } = colours, series = classColours(colours, 2);
  const pale = (colour) =>
    "#" + rgb(colour).map((c, i) => Math.round(rgb(ground)[i] + (c - rgb(ground)[i]) * 0.6)
      .toString(16).padStart(2, "0")).join("");
  return [pale(series[0]), ground, pale(series[1])];
}

function axes(context, box, still, colours, toX, toY) {
  const { left, top, width, height } = box;
  context.strokeStyle = colours.line;
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  context.fillStyle = colours.muted;
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const value of ticks(...still.ranges[0], Math.max(width / 70, 2)))
    context.fillText(short(value), Math.min(toX(value), left + width - 8), top + height + 5);
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of ticks(...still.ranges[1], Math.max(height / 50, 2)))
    context.fillText(short(value), left - 6, toY(value));
  context.fillStyle = colours.ink;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(still.names[0], left + width / 2, top + height + BOTTOM - 1, width);
  context.save();
  context.translate(11, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "middle";
  context.fillText(still.names[1], 0, 0, height);
  context.restore();
}

/** A row: full if it is trained on, a ring if it is tested on; another shape once colours are used up. */
function dot(context, x, y, colour, colours, full, shape = 0, edge = colours.ground) {
  const size = full ? 3.6 : 3.2;
  context.beginPath();
  if (shape === 0) context.arc(x, y, size, 0, 2 * Math.PI);
  else if (shape === 1) context.rect(x - size, y - size, 2 * size, 2 * size);
  else { context.moveTo(x, y - size - 1); context.lineTo(x + size + 1, y + size); context.lineTo(x - size - 1, y + size); context.closePath(); }
  context.fillStyle = full ? colour : colours.ground;
  context.fill();
  context.lineWidth = full ? 1 : 1.8;
  context.strokeStyle = full ? edge : colour;
  context.stroke();
}

/** The row whose point is below the pointer, as Selection writes it, and where it is. */
function rowAt({ points }, { toX, toY }, x, y) {
  let [found, least] = [null, 9];
  for (const [which, some] of points.entries())
    for (let i = 0; i < some.length; i += 3) {
      const far = Math.hypot(toX(some[i]) - x, toY(some[i + 1]) - y);
      if (far < least) [found, least] = [{ name: `${which ? "test" : "train"}-${i / 3}`, which, i }, far];
    }
  return found;
}

/** A ring around the row that is picked, and what there is to read of the one below the pointer. */
function pointOut(context, box, still, colours, { toX, toY, over }, picked) {
  const [kind, row] = (picked ?? "").split("-"), which = ["train", "test"].indexOf(kind);
  const rings = [[which, 3 * row, colours.ground, 5], [which, 3 * row, colours.ink, 2], over ? [over.which, over.i, colours.ink, 1.5] : [-1]];
  for (const [which, i, colour, width] of rings) {
    const points = still.points[which];
    if (!points || !(i < points.length)) continue;
    context.beginPath();
    context.arc(toX(points[i]), toY(points[i + 1]), 7, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  if (!over) return;
  const [a, b, of] = still.points[over.which].slice(over.i, over.i + 3);
  const lines = [`${over.which ? "test" : "training"} row ${over.i / 3 + 1}: ${still.classes ? still.classes[of] : short(of)}`,
    `${still.names[0]} ${short(a)}, ${still.names[1]} ${short(b)}`];
  const wide = Math.max(...lines.map((line) => context.measureText(line).width)) + 16;
  const left = Math.max(2, Math.min(toX(a) - wide / 2, box.left + box.width - wide));
  const top = toY(b) > box.top + 60 ? toY(b) - 52 : toY(b) + 14;
  context.fillStyle = colours.ground;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(left, top, wide, 40, 6);
  context.fill();
  context.stroke();
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = colours.ink;
  lines.forEach((line, i) => context.fillText(line, left + 8, top + 12 + 17 * i));
}

export default drawing({
  point({ x, y, kind, payload, still, state, emit, repaint, event }) {
    if (!still || !state.toX) return;
    const over = kind === "leave" ? null : rowAt(still, state, x, y);
    event.currentTarget.style.cursor = over ? "pointer" : "";
    if (kind === "click" && over) emit("pick", over.name);
    if (over?.name !== state.over?.name) {
      state.over = over;
      repaint();
    }
  },
  unpack: (payload) => ({
    ...payload,
    values: unpacked(payload.values),
    classes: payload.classes && unpacked(payload.classes),
  }),
  unpackStill: (still) => ({ ...still, points: still.points.map(unpacked) }),
  paint({ context, width, height, payload, still, colours, state }) {
    if (!still) return;
    const box = { left: LEFT, top: TOP, width: width - LEFT - RIGHT, height: height - TOP - BOTTOM };
    const [[x0, x1], [y0, y1]] = still.ranges;
    const toX = (x) => box.left + ((x - x0) / (x1 - x0)) * box.width;
    const toY = (y) => box.top + box.height - ((y - y0) / (y1 - y0)) * box.height;
    Object.assign(state, { box, toX, toY });
    if (payload) {
      const sheet = (state.sheet ??= document.createElement("canvas"));
      sheet.width = sheet.height = payload.side;
      sheet.getContext("2d").putImageData(mapOf(payload, colours, still), 0, 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(sheet, box.left, box.top, box.width, box.height);
    }
    axes(context, box, still, colours, toX, toY);
    const table = still.classes ? null : ramp(colours.sequential);
    const spread = still.high - still.low || 1, series = classColours(colours, still.classes?.length);
    for (const [which, points] of still.points.entries())
      for (let i = 0; i < points.length; i += 3) {
        const of = points[i + 2], n = series.length;
        const at = Math.round(255 * Math.min(Math.max((of - still.low) / spread, 0), 1));
        const colour = still.classes ? series[of % n] : `rgb(${table.slice(3 * at, 3 * at + 3).join()})`;
        if (Number.isNaN(points[i]) || Number.isNaN(points[i + 1])) continue;
        const shape = still.classes ? Math.floor(of / n) : 0, edge = still.classes ? colours.ground : colours.muted;
        dot(context, toX(points[i]), toY(points[i + 1]), colour, colours, which === 0, shape, edge);
      }
    if (state.over && !still.points[state.over.which]?.length) state.over = null;
    pointOut(context, box, still, colours, state, payload?.picked);
  },
});
