// A trained network that reads bits: where its state goes, what it answers, and the table of the machine behind it, in
// which each move is filled in when a reader has said where it leads.
import { ask, button, draw, formOf, frame, make, unmarked, written } from "./shared.mjs";
import { parts, tanh, times, zeros } from "./rnn.mjs";
import { tableOf } from "./tables.mjs";

const STYLE = `
svg { display: block; width: 100%; max-width: 34em; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: currentcolor; }
svg .grid { stroke: var(--rule); }
svg .seen { fill: none; stroke: currentcolor; stroke-width: 1.2; opacity: 0.6; }
svg .way { stroke: var(--state); stroke-width: 2; stroke-dasharray: 5 3; }
svg .state { fill: #D55E00; stroke: currentcolor; }
tr .now { font-weight: 700; background: var(--tint); }
.read { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.bar input.bits { width: 9em; }
@media (prefers-reduced-motion: no-preference) { svg .state { transition: transform 0.35s; } }
`;
const WIDTH = 350,
  HEIGHT = 220,
  LEFT = 52,
  RIGHT = 12,
  TOP = 18,
  BOTTOM = 40;
const LENGTH = 6; // of the sequences whose states are shown

/** The state after one more bit. */
export const after = (bit, h, { U, W, b }) => tanh(parts([bit], h, { U: U.map((u) => [u]), W, b }).sum);
/** The answer that a readout makes of a state. */
export const answer = (h, { V, d }) => times([V], h)[0] + d;
/** All states after 1 to n bits. */
export const visited = (p, n) => {
  let level = [zeros(p.b)];
  return Array.from({ length: n }, () => {
    level = level.flatMap((h) => [after(0, h, p), after(1, h, p)]);
    return level;
  }).flat();
};

function render({ model, el }) {
  const names = model.get("names");
  const given = (name) => unmarked(model.get(name));
  const p = { U: given("U"), W: model.get("W").map(unmarked), b: given("b"), V: given("V"), d: given("d")[0] },
    probe = { V: given("probe"), d: given("bias")[0] }; // a readout too, of the last bit
  let h = zeros(p.b),
    before = h, // one bit ago
    bits = "", // all that was read
    pending = "", // what is still to be read
    group = 0, // of the state, as an index of names
    moves = names.map(() => [null, null]); // where each bit leads from each group, once it was said

  const quoted = (k) => `\u201c${names[k]}\u201d`;
  const across = (bit) => LEFT + ((WIDTH - LEFT - RIGHT) * Math.min(2, Math.max(0, bit + 0.5))) / 2;
  const up = (y) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (y + 0.35)) / (names.length - 0.3);
  const place = (state) => [across(answer(state, probe)), up(answer(state, p))];
  const way = draw("line", { class: "way" }),
    dot = draw("circle", { class: "state", r: 7 });
  const drawing = draw(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
    ...names.flatMap((name, k) => [
      draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: up(k), y2: up(k) }),
      draw("text", { x: LEFT - 6, y: up(k) + 4, "text-anchor": "end" }, name),
    ]),
    ...[0, 1].map((bit) =>
      draw("text", { x: across(bit), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, String(bit)),
    ),
    draw("text", { x: across(0.5), y: HEIGHT - 4, "text-anchor": "middle" }, "last bit, as a probe reads it"),
    draw("text", { x: LEFT - 6, y: 12, "text-anchor": "end" }, "answer"),
    ...visited(p, LENGTH).map((state) => {
      const [cx, cy] = place(state);
      return draw("circle", { class: "seen", cx, cy, r: 4 });
    }),
    way,
    dot,
  );

  const typed = make("input", { className: "bits", type: "text", inputMode: "numeric", maxLength: "40" });
  const readers = [0, 1].map((bit) => button(`Read ${bit}`, () => take(String(bit), readers[bit]))),
    many = make("button", {}, "Read them");
  const form = formOf(
    () => {
      const more = typed.value.replace(/[^01]/g, "");
      typed.value = "";
      take(more, typed);
    },
    ...readers,
    make("label", {}, "or many: ", typed),
    many,
  );
  const onward = button("Read on", () => take("", typed), { className: "first" });
  const said = make("p", { role: "status" }),
    talk = make("div", {}),
    table = make("div", {}),
    soFar = make("p", { className: "read" });

  /** Read one bit: the state moves, and where it has gone stands in the table. */
  function step() {
    const bit = Number(pending[0]),
      from = group;
    before = h;
    h = after(bit, h, p);
    const y = answer(h, p);
    group = Math.min(names.length - 1, Math.max(0, Math.round(y)));
    moves[from][bit] = group;
    bits += pending[0];
    pending = pending.slice(1);
    return `Bit ${bits.length} is ${bit}: y = ${written(y)}, so it is in ${quoted(group)}.`;
  }
  /** Read on with more bits, as far as each move is known; where an unknown one leads is asked. */
  function take(more, focus) {
    pending += more;
    let told = "";
    while (pending && moves[group][pending[0]] !== null) told = step();
    for (const each of [...readers, many]) each.disabled = pending !== "";
    onward.hidden = true;
    talk.replaceChildren(pending ? question() : said, onward);
    said.textContent = told;
    show();
    (pending ? talk.querySelector("button") : focus).focus();
  }
  function question() {
    let told = null; // it moves once, whatever is answered after that
    return ask(
      `The state is in ${quoted(group)}, and the next bit is ${pending[0]}. In which group will it be then?`,
      names,
      (choice) => {
        told ??= step();
        for (const each of [...readers, many]) each.disabled = pending !== "";
        onward.hidden = pending === "";
        show();
        const whole = moves.flat().includes(null) ? "" : " The table is whole now.";
        return `${choice === names[group] ? "Yes" : "No"}. ${told}${whole}`;
      },
    );
  }
  function reset() {
    before = h = zeros(p.b);
    bits = pending = "";
    group = 0;
    moves = names.map(() => [null, null]);
    take("", readers[0]);
  }

  function show() {
    const [[x1, y1], [x2, y2]] = [before, h].map(place);
    dot.style.transform = `translate(${x2}px, ${y2}px)`;
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) way.setAttribute(name, value);
    drawing.setAttribute(
      "aria-label",
      `The states of the network after 1 to ${LENGTH} bits, by their answer, in ${names.length} groups: ` +
        `${names.join(", ")}. It is in ${quoted(group)}, with the answer ${written(answer(h, p))}.`,
    );
    const recent = `${bits.length > 20 ? "\u2026" : ""}${bits.slice(-20)}`;
    soFar.textContent = bits
      ? `Read so far, ${bits.length} ${bits.length > 1 ? "bits" : "bit"}: ${recent}`
      : `No bit is read yet: ${quoted(0)}.`;
    table.replaceChildren(
      tableOf(
        ["group", "bit 0", "bit 1"],
        names.map((name, k) => [name, ...moves[k].map((to) => (to === null ? "?" : names[to]))]),
        "The machine",
      ),
    );
    for (const cell of table.querySelectorAll("tbody tr")[group].cells) cell.classList.add("now");
  }

  frame(
    el,
    "Feed it bits",
    STYLE,
    form,
    soFar,
    talk,
    drawing,
    make("p", {}, `Rings: the states after 1 to ${LENGTH} bits. Disk: the state now.`),
    table,
    make("div", { className: "bar" }, button("Start again", reset)),
  );
  show();
}

export default { render };
