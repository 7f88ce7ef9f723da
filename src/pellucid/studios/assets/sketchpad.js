// A pad on which points are drawn: click or drag adds them, the eraser takes them away.
import { drawing } from "pellucid-studio";

const EDGE = 14, APART = 16, REACH = 14, STEP = 0.05;

const sizeOf = (element) => Math.min(element.clientWidth, element.clientHeight) - 2 * EDGE;

const round = (part) => Math.round(Math.max(-1, Math.min(1, part)) * 2000) / 2000;

/** From a place on the pad to the plane, -1 to 1 each way, and back. */
function scale(width, height) {
  const size = Math.min(width, height) - 2 * EDGE, left = (width - size) / 2, top = (height - size) / 2;
  return {
    size, left, top,
    toPlane: (x, y) => [round((2 * (x - left)) / size - 1), round(1 - (2 * (y - top)) / size)],
    toPad: (x, y) => [left + ((x + 1) * size) / 2, top + ((1 - y) * size) / 2],
  };
}

function isNear(points, [x, y], reach) {
  return points.some(([px, py]) => Math.hypot(px - x, py - y) < reach);
}

const pad = drawing({
  point({ x, y, kind, still, state, emit, repaint, event }) {
    if (!state.at) return;
    const { size, toPlane } = state.at, place = toPlane(x, y), unit = 2 / size;
    if (kind === "down") {
      event.target.setPointerCapture(event.pointerId);
      event.preventDefault();
      state.stroke = [place];
    } else if (kind === "move" && state.stroke) {
      if (!isNear(state.stroke.slice(-1), place, (still.erasing ? 4 : APART) * unit)) state.stroke.push(place);
    } else if (kind === "up" && state.stroke) {
      emit("stroke", { points: state.stroke, reach: REACH * unit });
      state.done = [...(state.done ?? []), { points: state.stroke, erasing: still.erasing, chosen: still.chosen }];
      state.stroke = null;
    } else if (kind === "leave") state.over = null;
    if (kind === "move" || kind === "down") state.over = place;
    repaint();
  },
  paint({ context, width, height, still, colours, state, element }) {
    if (!still) return;
    const at = (state.at = scale(width, height)), { size, left, top, toPad } = at;
    if (state.still !== still) [state.still, state.done] = [still, []];
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.strokeRect(Math.round(left) - 0.5, Math.round(top) - 0.5, Math.round(size) + 1, Math.round(size) + 1);
    context.beginPath();
    for (const part of [0.25, 0.5, 0.75]) {
      const [x, y] = [Math.round(left + part * size) + 0.5, Math.round(top + part * size) + 0.5];
      context.moveTo(x, top); context.lineTo(x, top + size);
      context.moveTo(left, y); context.lineTo(left + size, y);
    }
    context.stroke();
    const colourOf = (k) => colours.series[still.series[k]];
    let points = still.points;
    const strokes = [...state.done];
    if (state.stroke) strokes.push({ points: state.stroke, erasing: still.erasing, chosen: still.chosen });
    for (const { points: drawn, erasing, chosen } of strokes)
      points = erasing
        ? points.filter((point) => !isNear(drawn, point, (2 * REACH) / size))
        : [...points, ...drawn.map(([x, y]) => [x, y, chosen])];
    for (const [x, y, k] of points) {
      context.beginPath();
      context.arc(...toPad(x, y), 5, 0, 2 * Math.PI);
      context.fillStyle = colourOf(k);
      context.fill();
      context.strokeStyle = colours.ground;
      context.stroke();
    }
    const over = state.over ?? (document.activeElement === element ? state.cursor : null);
    if (over) {
      context.beginPath();
      context.arc(...toPad(...over), still.erasing ? REACH : 7, 0, 2 * Math.PI);
      context.strokeStyle = still.erasing ? colours.muted : colourOf(still.chosen);
      context.lineWidth = 1.5;
      context.stroke();
    }
  },
});

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const { mounted } = pad;
pad.mounted = function () {
  mounted.call(this);
  Object.assign(this.$el, { tabIndex: 0 });
  this.$el.setAttribute("role", "application");
  for (const name of ["focus", "blur"]) this.$el.addEventListener(name, () => this.repaint());
  this.$el.addEventListener("keydown", (event) => {
    const cursor = (this.state.cursor ??= [0, 0]), arrow = ARROWS[event.key];
    if (arrow) this.state.cursor = cursor.map((c, i) => round(c + STEP * arrow[i]));
    else if (event.key === "Enter" || event.key === " ")
      this.$emit("stroke", { points: [cursor], reach: (2 * REACH) / sizeOf(this.$el) });
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.repaint();
  });
};

export default pad;
