// One token at a time: what the step is made of, what comes out, and what a silent mistake makes of it.
import { button, formOf, frame, listed, make, matrix, written } from "./shared.mjs";
import { FIELDS, fieldsOf } from "./fields.mjs";
import { LOOPS, STEPS, distance, parts, read, zeros } from "./rnn.mjs";

const VISIBLE = 0.005; // half of the last decimal that is shown

const STYLE = `${FIELDS}
.strip { table-layout: fixed; width: 100%; border-spacing: 3px; border-collapse: separate; }
.strip th:first-child { width: 3.6em; text-align: left; padding-left: 0; }
.strip thead th { padding: 0; text-align: center; }
.strip button { width: 100%; padding: 0.25em 0; overflow: hidden; text-overflow: ellipsis; color: var(--input);
  border-color: currentcolor; }
.strip button[aria-current] { background: #0072B2; color: #ffffff; border-color: #0072B2; font-weight: 600; }
.strip td { text-align: center; padding: 0.2em 0; border-radius: 3px; border: 2px solid transparent;
  background: color-mix(in srgb, var(--sign) calc(var(--size) * 45%), transparent); }
.strip td.open { border: 1px dashed var(--rule); }
.strip td.off { border-color: var(--wrong); font-weight: 700; }
.strip tbody.wrong th, table.wrong caption { color: var(--wrong); font-weight: 600; }
@media (max-width: 480px) { .strip { border-spacing: 2px; } .strip td { font-size: 0.92em; letter-spacing: -0.02em; }
  .strip td.off { font-weight: 400; } .strip th:first-child { font-size: 0.92em; width: 3.4em; } }
.strip .heading th { text-align: left; padding-top: 0.5em; }
.step { display: flex; flex-wrap: wrap; gap: 0.4em 0.7em; align-items: center; margin: 0.9em 0; }
.pair { display: inline-flex; align-items: center; gap: 0.25em; }
.sums td:last-child { font-weight: 700; }
.sums thead th { border-bottom: 1px solid var(--rule); }
`;

/** A cell of the strip: coloured as a heat map, orange above zero and violet below. */
const cell = (number, right = number) => {
  const off = !(Math.abs(number - right) < VISIBLE);
  const size = Math.min(1, Math.abs(number)) || 0;
  const style = `--size: ${size.toFixed(2)}; --sign: ${number < 0 ? "#5D3A9B" : "#D55E00"}`;
  return make("td", { className: off ? "off" : "", style }, written(number));
};
const open = () => make("td", { className: "open" }, make("span", { role: "img", "aria-label": "not read yet" }, "?"));

/** A vector's numbers, which cannot be changed here. */
const fixed = (v) => v.map((number) => [make("span", {}, written(number))]);

function render({ model, el }) {
  const given = () => structuredClone(Object.fromEntries(["tokens", "x", "U", "W", "b"].map((k) => [k, model.get(k)])));
  const small = model.get("small");
  const offered = model.get("mistakes").filter(({ name }) => name in STEPS || name in LOOPS);
  const start = given();
  let now = given(),
    order = [...now.tokens.keys()]; // the places at which the tokens stood
  let t = 1,
    known = 0,
    mistake = ""; // the step that is looked at, how many states are shown, what is switched on

  // The sentence and its states
  const strip = make("table", { className: "strip", style: `min-width: ${3.6 + 2.9 * start.tokens.length}em` });
  const said = make("p", { role: "status" });

  // The question, and what leads on
  const guess = make("input", { type: "number", step: "any" });
  const asked = make("span", {}),
    question = make("label", {}, asked, guess);
  const forward = make("button", { className: "first" });
  const back = button("Back", () => go(t - 1));
  const submitted = () => {
    if (known < t) reveal();
    else if (t < now.tokens.length) go(t + 1);
    else reset();
    forward.focus();
  };
  const form = formOf(submitted, question, forward, back, button("Reset", reset));
  const earlier = button("\u2190 earlier", () => move(-1)),
    later = button("later \u2192", () => move(1));
  const moved = make("span", {});
  const moves = make("div", { className: "bar" }, moved, earlier, later);

  // The step in numbers
  const fields = fieldsOf(() => {
    show();
    if (known >= t) tell();
  });
  const { field, slide } = fields;
  const grid = (key) => fields.grid(key, () => now[key], start[key]);
  const U = matrix("weight", "U", grid("U")),
    W = matrix("weight", "W", grid("W"));
  const x = matrix(
    "input",
    "x(t)",
    start.x[0].map((_, j) => [
      field(
        `x, feature ${j + 1}`,
        () => now.x[t - 1][j],
        (n) => (now.x[t - 1][j] = n),
        () => start.x[order[t - 1]][j],
      ),
    ]),
  );
  const b = matrix(
    "weight",
    "b",
    start.b.map((_, i) => [
      field(
        `b, unit ${i + 1}`,
        () => now.b[i],
        (n) => (now.b[i] = n),
        () => start.b[i],
      ),
    ]),
  );
  const before = make("span", {});
  const pair = (...inside) => make("span", { className: "pair" }, ...inside);
  const step = make("div", { className: "step" }, pair("tanh(", U, x), pair("+", W, before), pair("+", b, ")"));
  const sums = make("div", { className: "sums" });

  // The mistakes
  const group = (target, label) =>
    make("optgroup", { label }, ...offered.filter((m) => m.target === target).map((m) => make("option", {}, m.name)));
  const select = make(
    "select",
    {},
    make("option", { value: "" }, "none"),
    group("rnn_step", "in the step"),
    group("rnn_forward", "in the loop"),
  );
  select.onchange = () => {
    mistake = select.value;
    show();
    tell();
  };
  const about = make("div", { className: "sums" });
  const wrong = make(
    "div",
    {},
    make("div", { className: "bar" }, make("label", {}, "Switch on a silent mistake: ", select)),
    about,
  );

  const right = () => read(now.x, now).output;
  const name = (place) => `\u201c${now.tokens[place - 1]}\u201d`;

  function go(place) {
    t = place;
    known = Math.max(known, t - 1);
    guess.value = "";
    fields.refresh();
    show();
    said.textContent = known < t ? `Token ${t} of ${now.tokens.length}: ${name(t)}.` : "";
    if (known >= t) tell();
  }
  function reveal() {
    known = t;
    show();
    const answer = right()[t - 1][0],
      first = guess.valueAsNumber;
    const judged = Number.isFinite(first)
      ? ` You said ${written(first)}; it is ${written(answer)}, ${written(Math.abs(first - answer))} away.`
      : "";
    tell(judged);
  }
  function reset() {
    now = given();
    order = [...now.tokens.keys()];
    known = 0;
    mistake = select.value = "";
    go(1);
  }
  function move(by) {
    for (const list of [now.tokens, now.x, order]) [list[t - 1], list[t - 1 + by]] = [list[t - 1 + by], list[t - 1]];
    go(t + by);
    if (earlier.disabled) later.focus();
    if (later.disabled) earlier.focus();
    const T = now.tokens.length,
      asBefore = now.x.map((_, place) => now.x[order.indexOf(place)]);
    said.textContent =
      `The sentence is now: ${now.tokens.join(" ")}. ` +
      (known < T
        ? ""
        : `Its last state is ${listed(right()[T - 1])}; in the first order it is ${listed(read(asBefore, now).h_n)}.`);
  }
  function tell(judged = "") {
    const states = right();
    let text = `h(${t}), after ${name(t)}, is ${listed(states[t - 1])}.${judged}`;
    if (mistake) {
      const { output, h_n } = read(now.x, now, mistake);
      const off = distance(output[t - 1], states[t - 1]);
      const atEnd = t === now.tokens.length ? distance(h_n, states[t - 1]) : 0;
      if (off >= VISIBLE) text += ` With the mistake it is off by up to ${written(off)}.`;
      else if (atEnd >= VISIBLE) text += ` With the mistake it is the same, but h_n is off by up to ${written(atEnd)}.`;
      else text += " With the mistake it is the same.";
    }
    said.textContent = text;
  }

  function show() {
    const T = now.tokens.length,
      states = right(),
      bad = mistake ? read(now.x, now, mistake) : null;
    showStrip(states, bad);
    question.hidden = known >= t;
    asked.textContent = `What will the first unit be after ${name(t)}? `;
    forward.textContent = known < t ? `Show h(${t})` : t < T ? `Read ${name(t + 1)}` : "Start again";
    back.disabled = t === 1;
    moved.textContent = `Move ${name(t)}:`;
    earlier.disabled = t === 1;
    later.disabled = t === T;
    if (small) return;
    x.querySelector(".name").textContent = `x(${t})`;
    const h = t > 1 ? states[t - 2] : zeros(now.b);
    before.replaceChildren(matrix("state", `h(${t - 1})`, fixed(h)));
    sums.replaceChildren(sumTable(parts(now.x[t - 1], h, now), states[t - 1]));
    about.replaceChildren();
    if (!bad) return;
    const { line, sign } = offered.find((m) => m.name === mistake);
    about.append(
      make("p", {}, make("code", {}, line)),
      make("p", {}, `The sign to know it by: ${sign}.`),
      ...wrongStep(bad, states),
    );
  }
  function showStrip(states, bad) {
    const T = now.tokens.length,
      whole = known === T && bad;
    const head = now.tokens.map((token, k) =>
      make(
        "th",
        { scope: "col" },
        button(token, () => go(k + 1), k === t - 1 ? { "aria-current": "step" } : {}),
      ),
    );
    const rows = (values, h_n) =>
      now.b.map((_, i) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, `unit ${i + 1}`),
          ...values.map((state, k) => (k < known ? cell(state[i], states[k][i]) : open())),
          ...(whole ? [cell(h_n[i], states[T - 1][i])] : []),
        ),
      );
    const focused = [...strip.querySelectorAll("button")].indexOf(el.shadowRoot?.activeElement);
    strip.replaceChildren(
      make("caption", {}, "The states, token by token"),
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          make("th", { scope: "col" }, "after"),
          ...head,
          ...(whole ? [make("th", { scope: "col" }, "h_n")] : []),
        ),
      ),
      make("tbody", {}, ...rows(states, states[T - 1])),
    );
    if (bad)
      strip.append(
        make(
          "tbody",
          { className: "wrong" },
          make(
            "tr",
            { className: "heading" },
            make("th", { colSpan: T + 1, scope: "rowgroup" }, `with \u201c${mistake}\u201d`),
          ),
          ...rows(bad.output, bad.h_n),
        ),
      );
    if (focused >= 0) strip.querySelectorAll("button")[focused].focus();
  }
  const table = (caption, kind, headings, columns) =>
    make(
      "table",
      { className: kind },
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...["unit", ...headings].map((text) => make("th", { scope: "col" }, text)))),
      make(
        "tbody",
        {},
        ...now.b.map((_, i) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, String(i + 1)),
            ...columns.map(([className, v]) => make("td", { className }, v ? written(v[i]) : "?")),
          ),
        ),
      ),
    );
  const sumTable = ({ Ux, Wh, b, sum }, state) =>
    table(
      `Step ${t}: the sum, and its tanh, h(${t})`,
      "",
      ["U x", "+ W h", "+ b", "= sum", `h(${t})`],
      [
        ["input", Ux],
        ["state", Wh],
        ["weight", b],
        ["", known < t ? null : sum],
        ["state", known < t ? null : state],
      ],
    );
  /** What the wrong network really does at this step: what it reads, and from which state it starts. */
  function wrongStep({ output, calls }, states) {
    const hidden = known < t;
    const result = ["state", hidden ? null : output[t - 1]],
      instead = ["", hidden ? null : states[t - 1]];
    const caption = `Step ${t} with the mistake`;
    if (calls.length !== output.length)
      // there is no one call of the step for each token
      return [table(caption, "wrong", ["right", "wrong"], [instead, result])];
    const { x, h } = calls[t - 1],
      { Ux, Wh, b } = parts(x, h, now);
    return [
      make("p", {}, `It reads ${listed(x)} and starts from ${listed(h)}.`),
      table(
        caption,
        "wrong",
        ["U x", "W h", "b", "right", "wrong"],
        [["input", Ux], ["state", Wh], ["weight", b], instead, result],
      ),
    ];
  }

  const scroll = make("div", { className: "scroll" }, strip);
  frame(
    el,
    small ? "Read the sentence" : "Step through the sentence",
    STYLE,
    scroll,
    form,
    said,
    ...(small ? [moves] : [step, slide, sums, moves, wrong]),
  );
  show();
}

export default { render };
