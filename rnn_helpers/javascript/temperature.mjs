// A guess of the next character, sharpened or levelled by a temperature. The guesses are those of a network that the
// page trained; a list of them ends in the words that say so.
import { button, formOf, frame, make, unmarked, written } from "./shared.mjs";
import { tableOf } from "./tables.mjs";

const STYLE = `
:is(td, thead th):nth-child(2) { text-align: left; }
td:nth-child(2) { width: 14em; padding-right: 0; }
.share { background: var(--state); height: 1em; min-width: 1px; border-radius: 2px; }
.others .share { background: var(--quiet); }
.drawn { font-size: 1.1em; letter-spacing: 0.06em; }
@media (max-width: 480px) { td:nth-child(2) { width: 10em; } }
@media (prefers-reduced-motion: no-preference) { .share { transition: width 0.15s; } }
`;
const SHOWN = 8, // kinds with a bar of their own
  DRAWN = 40,
  ASKED = 0.5;
const NAMES = { " ": "blank", "\n": "end of line" };

/** The guess at a temperature: p to the power 1 / temperature, divided by the new sum. Largest is 1 before the power. */
export const atTemperature = (p, temperature) => {
  const largest = Math.max(...p),
    powers = p.map((each) => (each / largest) ** (1 / temperature)),
    total = powers.reduce((sum, each) => sum + each, 0);
  return powers.map((each) => each / total);
};
/** The mean surprise, in bits, of what is drawn from p; a kind with p = 0 never comes. */
export const entropy = (p) => p.reduce((sum, each) => sum - (each ? each * Math.log2(each) : 0), 0);
/** Numbers from 0 to 1, the same for the same seed: those of Park and Miller, for which doubles are exact. */
export const uniforms = (seed, length) => {
  let state = seed;
  return Array.from({ length }, () => (state = (state * 16807) % 2147483647) / 2147483647);
};
/** For each number from 0 to 1 the place that it falls on, when the places lie side by side, each as wide as its p. */
export const drawn = (p, numbers) => {
  let end = 0;
  const ends = p.map((each) => (end += each));
  return numbers.map((number) => {
    const place = ends.findIndex((each) => number < each);
    return place < 0 ? p.length - 1 : place;
  });
};

function render({ model, el }) {
  const [alphabet, contexts, guesses] = ["alphabet", "contexts", "guesses"].map((name) => model.get(name));
  const kinds = [...alphabet];
  let context = 0,
    temperature = 1,
    seed = 1;
  const seen = new Set(); // the contexts whose question was answered

  const guess = make("input", { type: "number", min: "0", max: "100", step: "any" }),
    asked = make("span", {}),
    said = make("p", { role: "status" });
  const slider = make("input", { type: "range", min: "0.1", max: "2", step: "0.05" }),
    value = make("span", {});
  const bars = make("div", {}),
    numbers = make("p", {}),
    sample = make("p", {});

  const quoted = (text) => `\u201c${text.replaceAll("\n", "\u23ce")}\u201d`;
  const name = (kind) => NAMES[kind] ?? `\u201c${kind}\u201d`;
  const percent = (part) => `${written(100 * part, 1)} %`;
  /** The guess as it was carried, likeliest first, with its kinds. */
  const sorted = () => {
    const parts = unmarked(guesses[context]);
    const order = [...parts.keys()].sort((one, other) => parts[other] - parts[one]);
    return {
      order: order.map((place) => kinds[place]),
      p: atTemperature(
        order.map((place) => parts[place]),
        1,
      ),
    };
  };

  const submitted = () => {
    seen.add(context);
    temperature = ASKED;
    show();
    const { order, p } = sorted(),
      [before, now] = [p, atTemperature(p, ASKED)],
      first = guess.valueAsNumber;
    said.textContent =
      `At ${ASKED} it is ${percent(now[0])}` +
      (Number.isFinite(first) ? `; you said ${written(first, 1)} %. ` : ". ") +
      `The square of each p, divided by the new sum: ${name(order[0])} was ${written(before[0] / before[1], 1)} times as ` +
      `likely as ${name(order[1])}, and is now ${written(now[0] / now[1], 1)} times as likely. Move the temperature.`;
    slider.focus();
  };
  const form = formOf(
    submitted,
    make("label", {}, asked, guess, " % "),
    make("button", { className: "first" }, "Show"),
  );
  slider.oninput = () => {
    temperature = slider.valueAsNumber;
    show();
  };
  const again = button("Draw others", () => {
    seed += 1;
    show();
  });
  const choices = contexts.map((text, k) =>
    button(`after ${quoted(text)}`, () => {
      context = k;
      temperature = 1;
      guess.value = said.textContent = "";
      show();
    }),
  );

  function show() {
    const { order, p } = sorted(),
      now = atTemperature(p, temperature),
      known = seen.has(context),
      others = now.slice(SHOWN).reduce((sum, each) => sum + each, 0);
    choices.forEach((each, k) => each.setAttribute("aria-pressed", String(k === context)));
    form.hidden = known;
    move.hidden = !known;
    asked.textContent = `At temperature 1, ${name(order[0])} has ${percent(p[0])}. What will it have at ${ASKED}? `;
    slider.value = temperature;
    slider.setAttribute("aria-valuetext", `${written(temperature)}; ${name(order[0])} has ${percent(now[0])}`);
    value.textContent = written(temperature);
    const share = (part) => make("div", { className: "share", style: `width: ${(100 * part).toFixed(1)}%` });
    const row = (text, part) => [text, share(part), percent(part)];
    bars.replaceChildren(
      tableOf(
        ["next", "bar", "p"],
        [
          ...order.slice(0, SHOWN).map((kind, k) => row(name(kind), now[k])),
          row(`${order.length - SHOWN} others`, others),
        ],
        `The guess after ${quoted(contexts[context])}, at temperature ${written(temperature)}`,
      ),
    );
    bars.querySelector("tbody tr:last-child").className = "others";
    numbers.textContent = `Entropy, the mean surprise of a draw: ${written(entropy(now))} bits.`;
    const text = drawn(now, uniforms(seed, DRAWN)).map((place) => order[place]);
    sample.replaceChildren(
      `${DRAWN} draws: `,
      make("code", { className: "drawn" }, text.join("").replaceAll("\n", "\u23ce").replaceAll(" ", "\u2423")),
    );
  }

  const move = make("div", {}, make("label", { className: "bar" }, "Temperature:", slider, value));
  frame(
    el,
    "The temperature",
    STYLE,
    make("div", { className: "bar", role: "group", "aria-label": "What was written" }, ...choices),
    form,
    move,
    said,
    bars,
    numbers,
    sample,
    again,
  );
  show();
}

export default { render };
