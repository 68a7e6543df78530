// A pattern of errors, and the reader says which mistake makes it.
import { button, frame, make, written } from "./shared.mjs";
import { read } from "./rnn.mjs";

const STYLE = `
.errors { border-spacing: 3px; border-collapse: separate; table-layout: fixed; width: 100%; max-width: 40em; }
.errors th:first-child { width: 3.6em; text-align: left; padding-left: 0; }
.errors thead th { text-align: center; color: var(--input); padding-inline: 0;
  overflow: hidden; text-overflow: ellipsis; }
.errors thead th:is(:first-child, :last-child) { color: inherit; }
.errors td { text-align: center; padding: 0.2em 0; border-radius: 3px;
  background: color-mix(in srgb, var(--sign) calc(var(--size) * 45%), transparent); }
.errors td.none { color: var(--quiet); }
@media (max-width: 480px) { .errors thead th:is(:first-child, :last-child) { color: inherit; }
.errors td { font-size: 0.92em; letter-spacing: -0.02em; } }
`;

function render({ model, el }) {
  const [tokens, x, U, W, b, h_0, mistakes, order] = ["tokens", "x", "U", "W", "b", "h_0", "mistakes", "order"].map(
    (name) => model.get(name),
  );
  const p = { U, W, b },
    right = read(x, p, "", h_0);
  let round = 0,
    tries = 0;

  const pattern = make("div", { className: "scroll" }),
    chosen = make("div", { className: "scroll" });
  const said = make("div", { role: "status" });
  const buttons = mistakes.map(({ name }) => button(name, () => answer(name)));
  const next = button("Next pattern", () => {
    round = (round + 1) % order.length;
    begin();
    buttons[0].focus();
  });
  const asked = make("p", { className: "question" });

  /** How far a mistake's results are from the right ones: after each token, and in h_n. */
  const errors = (name) => {
    const wrong = read(x, p, name, h_0);
    return [...wrong.output, wrong.h_n].map((state, k) =>
      state.map((number, i) => number - [...right.output, right.h_n][k][i]),
    );
  };
  const table = (caption, name) => {
    const columns = errors(name);
    return make(
      "table",
      { className: "errors" },
      make("caption", {}, caption),
      make(
        "thead",
        {},
        make("tr", {}, ...["after", ...tokens, "h_n"].map((text) => make("th", { scope: "col" }, text))),
      ),
      make(
        "tbody",
        {},
        ...b.map((_, i) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, `unit ${i + 1}`),
            ...columns.map((column) => {
              const none = Math.abs(column[i]) < 0.005,
                size = Math.min(1, 2 * Math.abs(column[i])).toFixed(2);
              const style = `--size: ${none ? 0 : size}; --sign: ${column[i] < 0 ? "#5D3A9B" : "#D55E00"}`;
              return make("td", { className: none ? "none" : "", style }, written(column[i]));
            }),
          ),
        ),
      ),
    );
  };

  function begin() {
    tries = 0;
    asked.textContent = `Pattern ${round + 1} of ${order.length}. Which mistake is this?`;
    pattern.replaceChildren(table("Wrong minus right", order[round]));
    chosen.replaceChildren();
    said.replaceChildren();
    next.hidden = true;
    for (const each of buttons) each.setAttribute("aria-pressed", "false");
  }
  function answer(name) {
    tries += 1;
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.textContent === name));
    chosen.replaceChildren();
    const hit = name === order[round],
      { sign, hint, line } = mistakes.find((each) => each.name === name);
    next.hidden = !hit;
    if (hit)
      said.replaceChildren(
        make("p", {}, `Yes, ${name}${tries > 1 ? `, at try ${tries}` : ""}. The sign to know it by: ${sign}.`),
        make("p", {}, make("code", {}, line)),
        make("p", {}, hint),
      );
    else {
      said.replaceChildren(
        make("p", {}, `No. Its sign would be: ${sign}. Below is the pattern that it makes: compare.`),
      );
      chosen.append(table(`Wrong minus right with \u201c${name}\u201d`, name));
    }
  }

  frame(
    el,
    "Which mistake is this?",
    STYLE,
    asked,
    pattern,
    make("div", { className: "bar", role: "group", "aria-label": "Mistakes to choose from" }, ...buttons),
    said,
    chosen,
    next,
  );
  begin();
}

export default { render };
