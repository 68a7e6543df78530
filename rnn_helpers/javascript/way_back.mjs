// The way back through a sentence: what the loss says of each state, one step at a time, and the share that each step
// sends into one weight of W.
import { ask, button, draw, frame, listed, make, matrix, written } from "./shared.mjs";
import { DIAGRAM, ROW, arrow, box } from "./diagram.mjs";
import { FIELDS, fieldsOf } from "./fields.mjs";
import { plus, read, scaled, times, transposed, zeros } from "./rnn.mjs";
import { tableOf } from "./tables.mjs";

const RATE = 0.1;

const STYLE = `${DIAGRAM}${FIELDS}
svg path.back { stroke: var(--wrong); } svg path.back.head { fill: var(--wrong); }
svg text.back { fill: var(--wrong); text-anchor: start; }
svg rect.loss { fill: var(--tint); stroke: currentcolor; }
svg rect.now { stroke-width: 3.5; }
.weights { display: flex; flex-wrap: wrap; gap: 0.8em 1.6em; margin: 0.9em 0; }
.weights .bracket input { width: 3.4em; }
.weights input.chosen { background: var(--tint); outline: 1px solid; }
`;
const ACROSS = 60,
  HALF = 20,
  TOP = 22,
  BELOW = 118; // of the drawing, whose width is that of a telephone
const SHARES = ["below 0", "0", "above 0"];

const outer = (one, other) => one.map((a) => scaled(a, other));
const added = (matrices) => matrices.reduce((sum, A) => sum.map((row, i) => plus(row, A[i])));

/**
 * The gradient of the loss (y - target)² / 2 of the answer y = V h(T). For each step: the derivatives of the loss by
 * h(t), d_h, and by the sum inside its tanh, d_z, with tanh's slope between them; the state before; and the share of
 * this step in the gradient of W. Then the gradients of U, W and b, which add up over the steps.
 */
export const wayBack = (x, p, V, target) => {
  const { output, h_n } = read(x, p);
  const [y] = times([V], h_n),
    error = y - target;
  let d_h = scaled(error, V);
  const steps = [];
  for (const t of [...x.keys()].reverse()) {
    const before = t ? output[t - 1] : zeros(p.b),
      slope = output[t].map((h) => 1 - h ** 2);
    const d_z = d_h.map((d, i) => slope[i] * d);
    steps[t] = { d_h, slope, d_z, before, share: outer(d_z, before) };
    d_h = times(transposed(p.W), d_z);
  }
  const U = added(steps.map(({ d_z }, t) => outer(d_z, x[t]))),
    W = added(steps.map(({ share }) => share)),
    b = plus(...steps.map(({ d_z }) => d_z));
  return { y, error, loss: error ** 2 / 2, steps, gradients: { U, W, b } };
};

/** The numbers of W's row and column, written small. */
const lowered = (...places) => {
  const small = (place) => String(place + 1).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));
  return places.map(small).join(places.some((place) => place > 8) ? "," : "");
};
/** Below 0, 0 or above 0, as a number is written. */
const sign = (number) => SHARES[1 + Math.sign(Math.round(100 * number))];
const factor = (number) => (sign(number) === SHARES[0] ? `(${written(number)})` : written(number));
const short = (token) => (token.length > 5 ? `${token.slice(0, 4)}\u2026` : token);

/** The network, unrolled: states go right, derivatives come back, and each step that was walked sends its share. */
const picture = (tokens, shares, walked, name) => {
  const T = tokens.length,
    place = (k) => HALF + 4 + k * ACROSS;
  const told = tokens.map((token, k) => (k < T - walked ? "" : `${token} ${written(shares[k])}`)).filter(Boolean);
  const label = told.length ? `Shares of ${name}, step by step: ${told.join("; ")}.` : "No step was walked yet.";
  const drawing = draw("svg", {
    viewBox: `0 0 ${place(T) + HALF + 4} ${BELOW + ROW / 2 + 4}`,
    role: "img",
    "aria-label": label,
    style: T > 5 ? `min-width: ${3.2 * (T + 1)}em` : "",
  });
  tokens.forEach((token, k) => {
    const known = k >= T - walked,
      next = k === T - walked - 1,
      text = known ? written(shares[k]) : next ? "?" : "";
    drawing.append(
      ...box(place(k), TOP, 2 * HALF, next ? "now" : "", short(token)),
      ...arrow(place(k) + HALF, TOP - 7, place(k + 1) - HALF, TOP - 7, "state"),
      ...(known || next ? arrow(place(k + 1) - HALF, TOP + 7, place(k) + HALF, TOP + 7, "back") : []),
      ...(known ? arrow(place(k), TOP + ROW / 2, place(k), BELOW - ROW / 2, "back") : []),
      draw("text", { class: "back", x: place(k) + 4, y: (TOP + BELOW) / 2 + 5 }, text),
    );
  });
  const sum = shares.slice(T - walked).reduce((total, share) => total + share, 0);
  drawing.append(
    ...box(place(T), TOP, 2 * HALF, "loss", "loss"),
    ...box((place(0) + place(T - 1)) / 2, BELOW, place(T - 1) - place(0) + 2 * HALF, "", `${name}: ${written(sum)}`),
  );
  return drawing;
};

function render({ model, el }) {
  const tokens = model.get("tokens"),
    T = tokens.length;
  const given = () =>
    structuredClone(Object.fromEntries(["x", "U", "W", "b", "V", "target"].map((name) => [name, model.get(name)])));
  const start = given();
  let now = given(),
    [i, j] = model.get("weight");
  let walked = 0, // how many steps, from the last
    looked = T - 1; // the step whose numbers are shown

  const name = () => `W${lowered(i, j)}`;
  const quoted = (k) => `\u201c${tokens[k]}\u201d`;
  const way = () => wayBack(now.x, now, now.V[0], now.target);
  const shareOf = (step) => step.share[i][j];

  const fields = fieldsOf(() => begin());
  const W = matrix("weight", "W", fields.grid("W", () => now.W, start.W)),
    V = matrix("weight", "V", fields.grid("V", () => now.V, start.V)); // one row
  const target = fields.field(
    "what y should be",
    () => now.target,
    (n) => (now.target = n),
    () => start.target,
  );
  const ofW = [...W.querySelectorAll("input")];
  const isChosen = (place) => place === i * now.b.length + j;
  ofW.forEach((input, place) =>
    input.addEventListener("focus", () => {
      if (isChosen(place)) return;
      [i, j] = [Math.floor(place / now.b.length), place % now.b.length];
      begin();
    }),
  );

  const answer = make("span", {}),
    error = make("span", {});
  const drawn = make("div", { className: "scroll" }),
    walk = make("div", {}),
    steps = make("div", { className: "bar", role: "group", "aria-label": "Step to look at" }),
    table = make("div", {}),
    gradient = make("span", {});
  const onward = button("", () => begin(true), { className: "first" });

  /** Ask about the next step, or say what came of them all. */
  function begin(focus = false) {
    const { steps: all } = way(),
      t = T - walked; // of the step to be asked about
    onward.hidden = true;
    walk.replaceChildren(t ? question(t, all[t - 1]) : end, onward);
    if (!t) addUp(all);
    if (focus) walk.querySelector("button").focus();
    show();
  }
  function question(t, { d_h, slope, d_z, before, share }) {
    const from = t === T ? `It begins with d_h(${T}) = error \u00b7 V = ${listed(d_h)}. ` : "";
    return ask(
      `${from}Step ${t}, ${quoted(t - 1)}: d_h(${t}) of unit ${i + 1} is ${written(d_h[i])}, and unit ${j + 1} of ` +
        `h(${t - 1}) is ${written(before[j])}. Which share does this step send into ${name()}?`,
      SHARES,
      (choice) => {
        walked = T - t + 1;
        looked = t - 1;
        onward.hidden = false;
        onward.textContent = t > 1 ? `Go back to step ${t - 1}` : "Add the shares up";
        show();
        const truth = sign(share[i][j]);
        return (
          `${choice === truth ? "Yes" : "No"}, it is ${truth}: d_z(${t}) is slope \u00b7 d_h = ` +
          `${written(slope[i])} \u00b7 ${factor(d_h[i])} = ${written(d_z[i])}, and ` +
          `the share is ${written(d_z[i])} \u00b7 ${factor(before[j])} = ${written(share[i][j])}. ` +
          (t > 1 ? `Back to step ${t - 1} goes d_h(${t - 1}) = W\u1d40 d_z(${t}).` : "Here the walk ends.")
        );
      },
    );
  }
  const said = make("p", { role: "status" });
  const end = make("div", {}, said, button(`Move U, W and b by \u2212${RATE} times their gradients`, move));
  function addUp(all) {
    const sum = all.reduce((total, step) => total + shareOf(step), 0);
    said.textContent =
      `The ${T} shares of ${name()} add up to ${written(sum)}. ` +
      (sign(sum) === "0" ? "It stays." : `So ${name()} should go ${sum < 0 ? "up" : "down"}.`);
  }
  function move() {
    const { gradients, y } = way();
    const moved = (A, by) => A.map((row, k) => plus(row, scaled(-RATE, by[k])));
    now.U = moved(now.U, gradients.U);
    now.W = moved(now.W, gradients.W);
    [now.b] = moved([now.b], [gradients.b]);
    fields.refresh();
    for (const input of ofW) input.value = String(Number(input.valueAsNumber.toFixed(2))); // there is no room for more
    show();
    said.textContent = `y was ${written(y)} and is now ${written(way().y)}; it should be ${written(now.target)}.`;
  }
  function reset() {
    now = given();
    [i, j] = model.get("weight");
    walked = 0;
    looked = T - 1;
    fields.refresh();
    begin();
  }
  function rest() {
    walked = T;
    looked = 0;
    begin(true);
  }

  function show() {
    const { y, error: off, loss, steps: all, gradients } = way();
    answer.textContent = `y = V h(${T}) = ${written(y)}; it should be `;
    error.textContent = `Error ${written(off)}, loss ${written(loss)}`;
    drawn.replaceChildren(picture(tokens, all.map(shareOf), walked, name()));
    steps.replaceChildren(
      "Look at:",
      ...tokens.map((token, k) =>
        button(
          token,
          () => {
            looked = k;
            show();
            steps.querySelectorAll("button")[k].focus();
          },
          { disabled: k < T - walked, "aria-pressed": String(walked > 0 && k === looked) },
        ),
      ),
    );
    table.replaceChildren(...(walked ? [numbers(looked, all)] : []));
    const sums = gradients.W.map((row) => row.map((sum) => make("span", {}, walked === T ? written(sum) : "?")));
    gradient.replaceChildren(matrix("", "gradient of W", sums));
    ofW.forEach((input, place) => input.classList.toggle("chosen", isChosen(place)));
  }
  const numbers = (k, all) => {
    const t = k + 1,
      { d_h, slope, d_z, before } = all[k],
      back = k ? all[k - 1].d_h : null;
    return tableOf(
      ["unit", `d_h(${t})`, "slope", `d_z(${t})`, `h(${t - 1})`, ...(back ? [`d_h(${t - 1})`] : [])],
      now.b.map((_, unit) => [
        String(unit + 1),
        ...[d_h, slope, d_z, before, ...(back ? [back] : [])].map((v) => written(v[unit])),
      ]),
      `Step ${t}, ${quoted(k)}`,
    );
  };

  frame(
    el,
    "Walk back through the sentence",
    STYLE,
    make("div", { className: "bar" }, answer, target, error),
    drawn,
    walk,
    make("div", { className: "bar" }, button("Show all steps", rest), button("Start again", reset)),
    steps,
    table,
    make("div", { className: "weights" }, W, gradient, V),
    fields.slide,
  );
  begin();
}

export default { render };
