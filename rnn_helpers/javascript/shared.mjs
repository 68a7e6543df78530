// What every element is made with: parts of a page, numbers that can be changed, questions, and a place of its own.

/** A part of a page, with properties or attributes, and what stands in it. */
export const make = (tag, properties = {}, ...inside) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    name in made ? (made[name] = value) : made.setAttribute(name, value);
  made.append(...inside);
  return made;
};

/** The same for the parts of a drawing. */
export const draw = (tag, attributes = {}, ...inside) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
};

/** A number as a reader sees it: rounded, zero without a sign, and with the minus of figures. */
export const written = (number, digits = 2) => {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number < 0 ? "\u2212\u221e" : "\u221e";
  if (Math.abs(number) >= 1e4) return number.toExponential(1).replace("-", "\u2212").replace("e+", "e");
  const text = number.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
};
const RAISED = {
  "-": "\u207b",
  0: "\u2070",
  1: "\u00b9",
  2: "\u00b2",
  3: "\u00b3",
  4: "\u2074",
  5: "\u2075",
  6: "\u2076",
  7: "\u2077",
  8: "\u2078",
  9: "\u2079",
};
/** Ten to a whole exponent. */
export const power = (exponent) =>
  exponent ? `10${[...String(exponent)].map((digit) => RAISED[digit]).join("")}` : "1";
/** A number of any size: in decimals while they tell something, else as a digit times a power of ten. */
export const rough = (number) => {
  if (!Number.isFinite(number) || number === 0 || (number >= 0.01 && number < 1e4)) return written(number);
  const [digit, exponent] = number.toExponential(0).split("e");
  return `${digit} \u00b7 ${power(Number(exponent))}`;
};
/** A row that the page marks as of one machine, without that mark behind its numbers. */
export const unmarked = (row) => row.slice(0, -1);
export const listed = (v) => `(${v.map((number) => written(number)).join(", ")})`;

export const button = (text, onclick, properties = {}) =>
  make("button", { type: "button", onclick, ...properties }, text);

/** A form that is handed in by its button, or by Enter in a field, which JupyterLab keeps from forms in its cells. */
export const formOf = (submitted, ...inside) => {
  const form = make("form", { className: "bar" }, ...inside);
  form.onsubmit = (event) => {
    event.preventDefault();
    submitted();
  };
  form.onkeydown = (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    form.requestSubmit();
  };
  return form;
};

/** A number that a reader can change. It keeps its place, and with it the focus, while the rest is drawn anew. */
export const numberField = ({ label, get, set, start, changed, chosen }) => {
  const input = make("input", { type: "number", step: "0.1", "aria-label": label });
  const mark = () => input.classList.toggle("changed", get() !== start());
  input.oninput = () => {
    if (!Number.isFinite(input.valueAsNumber)) return; // half a number, such as a minus sign
    set(input.valueAsNumber);
    mark();
    changed();
  };
  input.onchange = () => refresh();
  const refresh = () => {
    input.value = String(get());
    mark();
  };
  input.onfocus = () => chosen({ label, get, set, refresh });
  refresh();
  return { input, refresh };
};

/** Rows of whatever stands in a matrix, between its brackets. */
export const matrix = (kind, label, rows) =>
  make(
    "div",
    { className: `matrix ${kind}` },
    make("div", { className: "name", ariaHidden: "true" }, label),
    make(
      "div",
      { className: "bracket", role: "group", "aria-label": label, style: `--columns: ${rows[0].length}` },
      ...rows.flat(),
    ),
  );

/** One question with answers to choose from; what is said afterwards comes from `answered`. */
export const ask = (question, choices, answered) => {
  const buttons = choices.map((choice) =>
    button(choice, (event) => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === event.currentTarget));
      said.textContent = answered(choice);
    }),
  );
  const said = make("p", { role: "status" });
  return make(
    "div",
    { className: "ask", role: "group", "aria-label": question },
    make("p", { className: "question" }, question),
    make("div", { className: "bar" }, ...buttons),
    said,
  );
};

// The colours are those of rnn_helpers.plots. Mixed with the colour of the text around, they can be read as text on
// light and on dark pages, whatever the page calls its themes.
const COMMON = `
:host { display: block; font: max(0.9em, 14px)/1.45 system-ui, sans-serif; color: inherit; text-align: left;
  --input: color-mix(in srgb, #0072B2 72%, currentcolor); --state: color-mix(in srgb, #D55E00 72%, currentcolor);
  --weight: color-mix(in srgb, #009E73 66%, currentcolor); --wrong: color-mix(in srgb, #882255 50%, currentcolor);
  --quiet: color-mix(in srgb, currentcolor 78%, transparent);
  --rule: color-mix(in srgb, currentcolor 30%, transparent); --tint: color-mix(in srgb, currentcolor 7%, transparent); }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.frame { border-block: 2px solid #D55E00; padding: 0.9em 0; max-width: 46em; }
.title { font-size: 1.1em; font-weight: 700; margin: 0 0 0.6em; }
p:not(.title) { margin: 0.5em 0; max-width: 40em; }
.bar { display: flex; flex-wrap: wrap; gap: 0.5em; align-items: center; margin: 0.6em 0; }
button, select, .bar input { font: inherit; color: inherit; background: none; border: 1px solid var(--quiet);
  border-radius: 4px; padding: 0.25em 0.75em; min-height: 2.4em; max-width: 100%; }
button { cursor: pointer; }
button:hover { background: var(--tint); }
button:disabled { opacity: 0.45; cursor: default; }
button.first { border: 2px solid; font-weight: 600; }
/* What is chosen grows by nothing, or the buttons after it would jump. */
button[aria-pressed="true"] { border-color: currentcolor; box-shadow: inset 0 0 0 1px; background: var(--tint); }
select option, select optgroup { color: #222222; background: #ffffff; }
input { font: inherit; color: inherit; background: none; font-variant-numeric: tabular-nums; }
input[type="range"] { accent-color: var(--input); min-height: 2.4em; width: 16em; max-width: 100%; border: 0; padding: 0; }
:is(button, select, input, summary, [tabindex]):focus-visible { outline: 3px solid var(--input); outline-offset: 1px; }
input[type="number"] { appearance: textfield; -moz-appearance: textfield; text-align: right; }
input::-webkit-inner-spin-button, input::-webkit-outer-spin-button { appearance: none; margin: 0; }
.bar input[type="number"] { width: 5em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.2em 0; }
th { font-weight: 400; }
:is(td, th) { padding: 0.15em 0.45em; text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
code { font: 0.92em ui-monospace, monospace; overflow-wrap: anywhere; }
[role="status"] { min-height: 1.45em; }
.matrix { display: inline-block; }
.matrix .name { font-style: italic; text-align: center; }
.bracket { display: grid; grid-template-columns: repeat(var(--columns), auto); padding: 0.1em 0.3em;
  position: relative; }
.bracket::before, .bracket::after { content: ""; position: absolute; inset-block: 0; width: 0.35em; opacity: 0.7;
  border: 1.5px solid currentcolor; pointer-events: none; }
.bracket::before { left: 0; border-right: 0; }
.bracket::after { right: 0; border-left: 0; }
.bracket > * { width: 2.7em; padding: 0.2em 0.2em; text-align: right; font-variant-numeric: tabular-nums; }
.bracket span { width: 3.5em; }
.bracket input { border: 0; border-bottom: 1px dotted currentcolor; border-radius: 0; min-height: 24px; }
/* Wide enough for what was typed: cut, it would read as another number. */
.bracket input { width: auto; min-width: 2.7em; max-width: 7em; field-sizing: content; justify-self: end; }
@supports not (field-sizing: content) { .bracket input { width: 3.6em; } }
.bracket input.changed { font-weight: 700; border-bottom: 2px solid; }
.input { color: var(--input); } .state { color: var(--state); } .weight { color: var(--weight); }
details { margin: 0.6em 0; }
summary { cursor: pointer; }
/* A telephone magnifies the page for a field of smaller type. */
@media (pointer: coarse) { :host { font-size: 16px; } }
@media (max-width: 480px) { :is(td, th) { padding-inline: 0.3em; } .bracket > * { width: 2.5em; }
  .bracket input { min-width: 2.5em; }
  .bracket span { width: 3.2em; } }
@media (prefers-reduced-motion: no-preference) { td, button { transition: background-color 0.2s; } }
`;

/** A frame of an element's own, which the styles of the page around do not reach. */
export const frame = (el, title, style, ...inside) => {
  const root = el.attachShadow({ mode: "open" });
  root.append(make("style", {}, COMMON + style));
  root.append(
    make("section", { className: "frame", "aria-label": title }, make("p", { className: "title" }, title), ...inside),
  );
};

/** Draw an element where its script stands. The still one goes, except on paper, and stays if anything fails. */
export const bring = ({ render }, data) => {
  const script = document.currentScript;
  // Where a copy of the script is run, at the end of the output, the element is the one that does not move yet.
  const home = script.closest(".rnn-moves") ?? script.parentElement.querySelector(".rnn-moves:not([data-moves])");
  const el = make("div");
  render({ model: { get: (name) => data[name] }, el });
  el.className = "rnn-live";
  home.dataset.moves = "yes";
  home.append(
    el,
    make(
      "style",
      {},
      "@media print { .rnn-live { display: none } }" +
        "@media screen { .rnn-moves[data-moves] > .rnn-still { display: none } }",
    ),
  );
};
