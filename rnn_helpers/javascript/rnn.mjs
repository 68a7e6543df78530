// The RNN in plain arrays, right and wrong. A mistake has the name of its entry in rnn_helpers.mistakes.CATALOGUE, and
// tests/browser/test_interactive.py holds each one, and the right network, against Python.

export const times = (A, v) => A.map((row) => row.reduce((sum, a, j) => sum + a * v[j], 0));
export const plus = (...vectors) => vectors[0].map((_, i) => vectors.reduce((sum, v) => sum + v[i], 0));
export const scaled = (k, v) => v.map((number) => k * number);
export const transposed = (A) => A[0].map((_, j) => A.map((row) => row[j]));
export const zeros = (like) => like.map(() => 0);
export const distance = (one, other) => Math.max(...one.map((number, i) => Math.abs(number - other[i])));
export const tanh = (v) => v.map(Math.tanh);

/** What one step is made of: U x, W h, b and their sum. */
export const parts = (x, h, { U, W, b }) => {
  const Ux = times(U, x),
    Wh = times(W, h);
  return { x, h, U, W, b, Ux, Wh, sum: plus(Ux, Wh, b) };
};

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const mean = (v) => v.reduce((sum, number) => sum + number, 0) / v.length;
const softmax = (v) => {
  const powers = v.map(Math.exp),
    total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
};
const normalised = (v) => {
  const middle = mean(v),
    spread = Math.sqrt(mean(v.map((number) => (number - middle) ** 2)) + 1e-5);
  return v.map((number) => (number - middle) / spread);
};
const reshaped = (A) => {
  const flat = A.flat(),
    rows = A[0].length,
    columns = A.length;
  return Array.from({ length: rows }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
};
const oneByOne = ({ Ux, W, h, b }) => {
  const units = [...h];
  for (const i of b.keys()) units[i] = Math.tanh(Ux[i] + times([W[i]], units)[0] + b[i]);
  return units;
};
const joined = ({ x, h, U, W, b }) =>
  tanh(
    plus(
      U.map((row, i) => times([[...row, ...W[i]]], [...h, ...x])[0]),
      b,
    ),
  );

// One wrong step: from its parts to the new state.
export const STEPS = {
  "missing tanh": ({ sum }) => sum,
  "tanh on one term only": ({ Ux, Wh, b }) => plus(tanh(Ux), Wh, b),
  "tanh on W h only": ({ Ux, Wh, b }) => plus(Ux, tanh(Wh), b),
  "tanh on each product": ({ Ux, Wh, b }) => plus(tanh(Ux), tanh(Wh), b),
  "tanh on each term": ({ Ux, Wh, b }) => plus(tanh(Ux), tanh(Wh), tanh(b)),
  "two tanhs, one for each product": ({ Ux, Wh, b }) => plus(tanh(Ux), tanh(plus(Wh, b))),
  "tanh twice": ({ sum }) => tanh(tanh(sum)),
  "slope of tanh": ({ sum }) => sum.map((z) => 1 - Math.tanh(z) ** 2),
  "sigmoid for tanh": ({ sum }) => sum.map(sigmoid),
  "relu for tanh": ({ sum }) => sum.map((z) => Math.max(z, 0)),
  "another function for tanh": ({ sum }) => sum.map(Math.tan),
  "tanh of half the sum": ({ sum }) => tanh(scaled(1 / 2, sum)),
  "sum scaled": ({ sum, b }) => tanh(scaled(1 / Math.sqrt(b.length), sum)),
  "normalised over the units": ({ sum }) => tanh(normalised(sum)),
  "gate of another network": ({ sum, h }) => sum.map((z, i) => sigmoid(z) * h[i] + (1 - sigmoid(z)) * Math.tanh(z)),
  "softmax for tanh": ({ sum }) => softmax(sum),
  "bias left out": ({ Ux, Wh }) => tanh(plus(Ux, Wh)),
  "bias twice": ({ Ux, Wh, b }) => tanh(plus(Ux, b, Wh, b)),
  "bias outside": ({ Ux, Wh, b }) => plus(tanh(plus(Ux, Wh)), b),
  "bias once for each feature": ({ Ux, Wh, b, x }) => tanh(plus(Ux, Wh, scaled(x.length, b))),
  "bias through W": ({ Ux, h, W, b }) => tanh(plus(Ux, times(W, plus(h, b)))),
  "bias subtracted": ({ Ux, Wh, b }) => tanh(plus(Ux, Wh, scaled(-1, b))),
  "U x subtracted": ({ Ux, Wh, b }) => tanh(plus(Wh, b, scaled(-1, Ux))),
  "W h subtracted": ({ Ux, Wh, b }) => tanh(plus(Ux, b, scaled(-1, Wh))),
  "W transposed": ({ Ux, h, W, b }) => tanh(plus(Ux, times(transposed(W), h), b)),
  "U transposed": ({ x, U, Wh, b }) => tanh(plus(times(transposed(U), x), Wh, b)),
  "U reshaped": ({ x, U, Wh, b }) => tanh(plus(times(transposed(reshaped(U)), x), Wh, b)),
  "U and W transposed": ({ x, h, U, W, b }) => tanh(plus(times(transposed(U), x), times(transposed(W), h), b)),
  "W h outside the tanh": ({ Ux, Wh, b }) => plus(tanh(plus(Ux, b)), Wh),
  "U x outside the tanh": ({ Ux, Wh, b }) => plus(tanh(plus(Wh, b)), Ux),
  "old state added": ({ sum, h }) => plus(h, tanh(sum)),
  "old state inside without W": ({ Ux, h, b }) => tanh(plus(Ux, h, b)),
  "U and W swapped": ({ x, h, U, W, b }) => tanh(plus(times(W, x), times(U, h), b)),
  "no memory": ({ Ux, b }) => tanh(plus(Ux, b)),
  "no input": ({ Wh, b }) => tanh(plus(Wh, b)),
  "one loop for both sums": ({ Ux, x, h, W, b }) =>
    tanh(
      plus(
        Ux,
        times(
          W.map((row) => row.slice(0, x.length)),
          h.slice(0, x.length),
        ),
        b,
      ),
    ),
  "diagonal of W only": ({ Ux, h, W, b }) =>
    tanh(
      plus(
        Ux,
        h.map((number, i) => number * W[i][i]),
        b,
      ),
    ),
  "diagonal of W left out": ({ Ux, h, W, b }) =>
    tanh(
      plus(
        Ux,
        times(
          W.map((row, i) => row.map((number, j) => (i === j ? 0 : number))),
          h,
        ),
        b,
      ),
    ),
  "tanh of the old state": ({ Ux, h, W, b }) => tanh(plus(Ux, times(W, tanh(h)), b)),
  "products multiplied": ({ Ux, Wh, b }) =>
    tanh(
      plus(
        Ux.map((number, i) => number * Wh[i]),
        b,
      ),
    ),
  "input twice, state never": ({ Ux, b }) => tanh(plus(Ux, Ux, b)),
  "state twice, input never": ({ Wh, b }) => tanh(plus(Wh, Wh, b)),
  "one feature left out": ({ x, U, Wh, b }) => tanh(plus(times(U, [0, ...x.slice(1)]), Wh, b)),
  "one number of the state left out": ({ Ux, h, W, b }) => tanh(plus(Ux, times(W, [0, ...h.slice(1)]), b)),
  "one unit left out": ({ sum }) => tanh(sum).map((number, i) => (i < sum.length - 1 ? number : 0)),
  "input through W too": ({ Ux, h, W, b }) => tanh(plus(times(W, plus(Ux, h)), b)),
  "joined in two orders": joined,
  "units updated one by one": oneByOne,
};

const last = (list) => list[list.length - 1];
/** The right loop: each step starts from the state that the one before returned. */
const loop = (x, h, step) => x.map((x_t) => (h = step(x_t, h)));

// One wrong loop around a right step: from the inputs and h_0 to output, and to h_n where that is not its last row.
export const LOOPS = {
  "state not carried": ({ x, h_0, step }) => ({ output: x.map((x_t) => step(x_t, h_0)) }),
  "no memory in the loop": ({ x, h_0, step }) => ({ output: x.map((x_t) => step(x_t, zeros(h_0))) }),
  "sum carried on": ({ x, h_0, p }) => {
    let z = h_0;
    return { output: x.map((x_t) => tanh((z = parts(x_t, z, p).sum))) };
  },
  "sum stored": ({ x, h_0, step, p }) => {
    const states = loop(x, h_0, step);
    return { output: x.map((x_t, t) => parts(x_t, t ? states[t - 1] : h_0, p).sum), h_n: last(states) };
  },
  "tanh once more when stored": ({ x, h_0, step }) => {
    const states = loop(x, h_0, step);
    return { output: states.map(tanh), h_n: last(states) };
  },
  "bias added once only": ({ x, h_0, p }) => ({
    output: loop(x, plus(h_0, p.b), (x_t, h) => tanh(parts(x_t, h, { ...p, b: zeros(p.b) }).sum)),
  }),
  "sum of all states carried on": ({ x, h_0, step }) => {
    let h = h_0;
    return {
      output: x.map((x_t) => {
        const state = step(x_t, h);
        h = plus(h, state);
        return state;
      }),
    };
  },
  "step taken twice": ({ x, h_0, step }) => ({ output: loop(x, h_0, (x_t, h) => step(x_t, step(x_t, h))) }),
  "first input read twice": ({ x, h_0, step }) => ({ output: loop([x[0], ...x], h_0, step).slice(1) }),
  "input of the step before": ({ x, h_0, step }) => ({ output: loop([last(x), ...x.slice(0, -1)], h_0, step) }),
  "state of two steps before": ({ x, h_0, step }) => {
    const states = [h_0, h_0];
    for (const x_t of x) states.push(step(x_t, states[states.length - 2]));
    return { output: states.slice(2) };
  },
  "h_0 at every step": ({ x, h_0, step }) => ({
    output: loop(x, zeros(h_0), (x_t, h) => step(x_t, plus(h, h_0))),
  }),
  "first input at every step": ({ x, h_0, step }) => ({
    output: loop(
      x.map(() => x[0]),
      h_0,
      step,
    ),
  }),
  "mean for the last state": ({ x, h_0, step }) => {
    const output = loop(x, h_0, step);
    return { output, h_n: scaled(1 / x.length, plus(...output)) };
  },
  "h_n from another step": ({ x, h_0, step }) => {
    const output = loop(x, h_0, step);
    return { output, h_n: output[0] };
  },
  "h_0 ignored": ({ x, h_0, step }) => ({ output: loop(x, zeros(h_0), step) }),
  "another start than h_0": ({ x, h_0, step }) => ({
    output: loop(
      x,
      h_0.map(() => 1),
      step,
    ),
  }),
  "input order reversed": ({ x, h_0, step }) => ({ output: loop([...x].reverse(), h_0, step) }),
  "output reversed": ({ x, h_0, step }) => {
    const states = loop(x, h_0, step);
    return { output: [...states].reverse(), h_n: last(states) };
  },
  "stored before the step": ({ x, h_0, step }) => {
    const states = loop(x, h_0, step);
    return { output: [h_0, ...states.slice(0, -1)], h_n: last(states) };
  },
  "rows shifted round": ({ x, h_0, step }) => {
    const states = loop(x, h_0, step);
    return { output: [...states.slice(1), states[0]], h_n: last(states) };
  },
  "states added up": ({ x, h_0, step }) => {
    const states = loop(x, h_0, step);
    return { output: states.map((_, t) => plus(...states.slice(0, t + 1))), h_n: last(states) };
  },
  "one shared buffer": ({ x, h_0, step }) => {
    const states = loop(x, h_0, step);
    return { output: states.map(() => last(states)) };
  },
};

/** Read a sequence, with a mistake where one is named: output, h_n, and what each call of the step was given. */
export const read = (x, p, mistake = "", h_0 = zeros(p.b)) => {
  const calls = [];
  const wrong = STEPS[mistake] ?? (({ sum }) => tanh(sum));
  const step = (x_t, h) => {
    calls.push({ x: x_t, h });
    return wrong(parts(x_t, h, p));
  };
  const { output, h_n } = LOOPS[mistake]?.({ x, h_0, step, p }) ?? { output: loop(x, h_0, step) };
  return { output, h_n: h_n ?? last(output), calls };
};

/**
 * For each step: the largest unit of the state, and the influence of x(1), the norm of the derivative of h(t) by x(1).
 * Without tanh, where `bent` is false.
 */
export const reach = (x, p, bent = true) => {
  let h = zeros(p.b),
    J = p.U;
  return x.map((x_t, t) => {
    const { sum } = parts(x_t, h, p);
    h = bent ? tanh(sum) : sum;
    if (t) J = transposed(transposed(J).map((column) => times(p.W, column)));
    if (bent) J = J.map((row, i) => scaled(1 - h[i] ** 2, row));
    return { size: Math.max(...h.map(Math.abs)), influence: Math.hypot(...J.flat()) };
  });
};
