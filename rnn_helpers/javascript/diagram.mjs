// Boxes and arrows, from which networks are drawn.
import { draw } from "./shared.mjs";

export const DIAGRAM = `
svg { display: block; width: 100%; max-width: 30em; height: auto; margin: 0.8em 0; }
svg text { font: 13px system-ui, sans-serif; fill: currentcolor; text-anchor: middle; }
svg rect { fill: color-mix(in srgb, #009E73 14%, transparent); stroke: #009E73; stroke-width: 1.5; }
svg rect.out { fill: color-mix(in srgb, #D55E00 14%, transparent); stroke: #D55E00; }
svg path { stroke: currentcolor; stroke-width: 1.5; fill: none; }
svg path.state { stroke: #D55E00; }
svg path.head { fill: currentcolor; stroke: none; } svg path.state.head { fill: #D55E00; }
`;
export const ROW = 34; // the height of a box

/** An arrow that goes straight across, or straight up or down. */
export const arrow = (x1, y1, x2, y2, kind = "") => {
  const [dx, dy] = [Math.sign(x2 - x1), Math.sign(y2 - y1)];
  const [backX, backY] = [x2 - 7 * dx, y2 - 7 * dy];
  const head = `M${x2} ${y2}L${backX - 4 * dy} ${backY - 4 * dx}L${backX + 4 * dy} ${backY + 4 * dx}Z`;
  return [
    draw("path", { class: kind, d: `M${x1} ${y1}L${x2 - 5 * dx} ${y2 - 5 * dy}` }),
    draw("path", { class: `${kind} head`, d: head }),
  ];
};

/** A box around a text, both in the middle of a place. */
export const box = (x, y, width, kind, text) => [
  draw("rect", { class: kind, x: x - width / 2, y: y - ROW / 2, width, height: ROW, rx: 4 }),
  draw("text", { x, y: y + 5 }, text),
];
