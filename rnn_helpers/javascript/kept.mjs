// How many positions can be read back from the last state, for a length and a scale of W. Measured by the page's cell;
// nothing is computed here.
import { button, formOf, frame, make, unmarked } from "./shared.mjs";

const STYLE = `
.scale { position: relative; padding-left: 3.4em; margin-top: 0.8em; max-width: 40em; }
.scale > span { position: absolute; left: 0; width: 2.9em; text-align: right; line-height: 1;
  bottom: calc(var(--at) * 1% - 0.5em); }
.bars { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 1px; height: 9em; align-items: end;
  border-bottom: 1px solid currentcolor; position: relative; }
.bars div { background: color-mix(in srgb, #D55E00 30%, transparent); border-top: 2px solid #D55E00; min-height: 2px; }
.bars div.read { background: #D55E00; }
.bars hr { position: absolute; inset-inline: 0; bottom: calc(var(--at) * 1%); margin: 0; border: 0;
  border-top: 1.5px dashed currentcolor; pointer-events: none; }
.ends { display: flex; justify-content: space-between; max-width: 40em; padding-left: 3.4em; }
.swatch { display: inline-block; width: 1.1em; height: 0.8em; border-top: 2px solid #D55E00; margin-left: 0.2em;
  background: color-mix(in srgb, #D55E00 30%, transparent); }
.swatch.read { background: #D55E00; }
label { display: flex; flex-wrap: wrap; gap: 0.2em 0.7em; align-items: center; }
`;

function render({ model, el }) {
  const [lengths, scales, kept, chance, enough] = ["lengths", "scales", "kept", "chance", "enough"].map((k) =>
    model.get(k),
  );
  let length = 0,
    scale = scales.length - 1;
  const seen = new Set(); // the lengths whose question was answered

  const said = make("p", { role: "status" }),
    picture = make("div", {});
  const guess = make("input", { type: "number", min: "0", step: "1" }),
    text = make("span", {});
  const submitted = () => {
    seen.add(length);
    show();
    const n = count(),
      first = guess.valueAsNumber;
    said.textContent =
      summary() + (Number.isFinite(first) ? (first === n ? " As you said." : ` You said ${first}.`) : "");
    slider.focus();
  };
  const form = formOf(submitted, make("label", {}, text, guess), make("button", { className: "first" }, "Show"));
  const slider = make("input", { type: "range", min: "0", max: String(scales.length - 1), step: "1" });
  const value = make("span", {});
  slider.oninput = () => {
    scale = slider.valueAsNumber;
    show();
    said.textContent = seen.has(length) ? summary() : "";
  };
  const choices = lengths.map((T, k) =>
    button(`T = ${T}`, () => {
      length = k;
      guess.value = "";
      show();
      said.textContent = seen.has(length) ? summary() : "";
    }),
  );

  const now = () => unmarked(kept[length][scale]);
  const count = () => now().filter((percent) => percent >= enough).length;
  const summary = () =>
    `With T = ${lengths[length]} and W scaled to ${scales[scale]}, ${count()} of ` +
    `${lengths[length]} positions are read back in ${enough} % of the sequences or more.`;

  function show() {
    const T = lengths[length],
      known = seen.has(length);
    choices.forEach((each, k) => each.setAttribute("aria-pressed", String(k === length)));
    slider.value = scale;
    slider.setAttribute("aria-valuetext", String(scales[scale]));
    value.textContent = String(scales[scale]);
    form.hidden = known;
    text.textContent = `Of ${T} positions, how many will be read back in ${enough} % of the sequences or more? `;
    guess.max = T;
    picture.replaceChildren();
    if (!known) return;
    const bars = make(
      "div",
      { className: "bars", role: "img", "aria-label": summary() },
      ...now().map((percent) =>
        make("div", { className: percent >= enough ? "read" : "", style: `height: ${percent}%` }),
      ),
      ...[enough, chance].map((percent) => make("hr", { style: `--at: ${percent}` })),
    );
    const marks = [enough, chance].map((percent) =>
      make("span", { style: `--at: ${percent}`, ariaHidden: "true" }, `${percent} %`),
    );
    const cells = now().map((percent, k) =>
      make("tr", {}, make("th", { scope: "row" }, String(k + 1)), make("td", {}, `${percent} %`)),
    );
    picture.append(
      make("div", { className: "scale" }, bars, ...marks),
      make("div", { className: "ends" }, make("span", {}, "position 1"), make("span", {}, `position ${T}`)),
      make(
        "p",
        { className: "legend" },
        make("span", { className: "swatch read" }),
        ` ${enough} % or more, `,
        make("span", { className: "swatch" }),
        ` less. The lower dashed line: guessing, ${chance} %.`,
      ),
      make(
        "details",
        {},
        make("summary", {}, "The numbers"),
        make(
          "table",
          {},
          make(
            "thead",
            {},
            make("tr", {}, make("th", { scope: "col" }, "position"), make("th", { scope: "col" }, "read back")),
          ),
          make("tbody", {}, ...cells),
        ),
      ),
    );
  }

  frame(
    el,
    "What is kept",
    STYLE,
    // One length is no choice: the question and the answer name it.
    ...(lengths.length > 1
      ? [make("div", { className: "bar", role: "group", "aria-label": "Length of the sequences" }, ...choices)]
      : []),
    make("div", { className: "bar" }, make("label", {}, "Scale of W:", slider, value)),
    form,
    said,
    picture,
  );
  show();
}

export default { render };
