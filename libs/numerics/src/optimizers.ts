import { NumericsError } from './errors.js';
import { requireInRange, requireSameLength, rowCount, type Floats } from './preconditions.js';

/** Settings of plain and momentum descent. */
export interface SgdOptions {
  /** Learning rate. */
  rate: number;
  /** Share of the velocity kept; 0 is plain SGD. Default 0. */
  momentum?: number;
  /** Look ahead by the velocity (Nesterov). Default false. */
  nesterov?: boolean;
  /** L2 penalty added to the gradient. Default 0. */
  weightDecay?: number;
}

/** Velocity buffer of {@link sgdStep}; store it with the parameters to resume exactly. */
export interface SgdState {
  velocity: Float64Array;
  step: number;
}

/** Zero velocity for `size` parameters. */
export function createSgd(size: number): SgdState {
  return { velocity: new Float64Array(size), step: 0 };
}

/**
 * One step in place: v = momentum v + g, p -= rate v (with the same conventions as PyTorch: no dampening, decay
 * inside g). O(n). Throws `SGD_SHAPE`, `SGD_INVALID`.
 */
export function sgdStep(parameters: Floats, gradient: Floats, state: SgdState, options: SgdOptions): void {
  const { rate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  requireSameLength('SGD', parameters, gradient);
  requireSameLength('SGD', parameters, state.velocity);
  requireInRange('SGD', 'rate', rate, 0, Number.MAX_VALUE);
  requireInRange('SGD', 'momentum', momentum, 0, 1);
  const { velocity } = state;
  state.step++;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i] + weightDecay * parameters[i];
    velocity[i] = momentum * velocity[i] + g;
    parameters[i] -= rate * (nesterov ? g + momentum * velocity[i] : velocity[i]);
  }
}

/** Settings of Adam and AdamW. */
export interface AdamOptions {
  rate: number;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Decoupled decay (AdamW): p -= rate x weightDecay x p. Default 0. */
  weightDecay?: number;
}

/** First and second moments; store them with the parameters to resume exactly. */
export interface AdamState {
  first: Float64Array;
  second: Float64Array;
  step: number;
}

/** Zero moments for `size` parameters. */
export function createAdam(size: number): AdamState {
  return { first: new Float64Array(size), second: new Float64Array(size), step: 0 };
}

function adamSettings(options: AdamOptions): Required<AdamOptions> {
  const filled = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, ...options };
  requireInRange('ADAM', 'rate', filled.rate, 0, Number.MAX_VALUE);
  for (const [name, value] of [
    ['beta1', filled.beta1],
    ['beta2', filled.beta2],
  ] as const) {
    if (!(value >= 0 && value < 1))
      throw new NumericsError('ADAM_INVALID', `${name} = ${value}`, { name, value });
  }
  return filled;
}

/**
 * One Adam step in place with bias correction (Kingma & Ba 2015); with `weightDecay` it is AdamW (Loshchilov &
 * Hutter 2019). O(n). Throws `ADAM_SHAPE`, `ADAM_INVALID`.
 */
export function adamStep(parameters: Floats, gradient: Floats, state: AdamState, options: AdamOptions): void {
  requireSameLength('ADAM', parameters, gradient);
  requireSameLength('ADAM', parameters, state.first);
  const settings = adamSettings(options);
  state.step++;
  adamRange(parameters, 0, gradient, 0, parameters.length, state, settings);
}

/**
 * Sparse step: row r of `gradient` (rows.length x width, each row listed once) belongs to row rows[r] of the
 * parameters; moments of untouched rows stay as they are (lazy Adam). O(rows x width). Throws `ADAM_SHAPE`.
 */
export function adamStepRows(
  parameters: Floats,
  width: number,
  rows: ArrayLike<number>,
  gradient: Floats,
  state: AdamState,
  options: AdamOptions,
): void {
  const total = rowCount('ADAM', parameters, width);
  requireSameLength('ADAM', parameters, state.first);
  requireSameLength('ADAM', gradient, { length: rows.length * width });
  const settings = adamSettings(options);
  state.step++;
  for (let r = 0; r < rows.length; r++) {
    requireInRange('ADAM', 'row', rows[r], 0, total - 1);
    adamRange(parameters, rows[r] * width, gradient, r * width, width, state, settings);
  }
}

function adamRange(
  parameters: Floats,
  at: number,
  gradient: Floats,
  from: number,
  count: number,
  state: AdamState,
  settings: Required<AdamOptions>,
): void {
  const { rate, beta1, beta2, epsilon, weightDecay } = settings;
  const { first, second, step } = state;
  const correction1 = 1 - beta1 ** step;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  const scale = rate / correction1;
  for (let i = 0; i < count; i++) {
    const g = gradient[from + i];
    const p = at + i;
    first[p] = beta1 * first[p] + (1 - beta1) * g;
    second[p] = beta2 * second[p] + (1 - beta2) * g * g;
    const denominator = Math.sqrt(second[p]) / correction2 + epsilon;
    parameters[p] = parameters[p] * (1 - rate * weightDecay) - (scale * first[p]) / denominator;
  }
}

/**
 * Scales all gradients in place so that their joint L2 norm is at most `maxNorm`; returns the norm before.
 * Scaled sums, so neither overflow nor underflow. O(n). Throws `CLIP_NOT_FINITE` (nothing changes) and
 * `CLIP_INVALID`.
 */
export function clipByGlobalNorm(gradients: readonly Floats[], maxNorm: number): number {
  requireInRange('CLIP', 'maxNorm', maxNorm, Number.MIN_VALUE, Number.MAX_VALUE);
  let largest = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) {
      const size = Math.abs(gradient[i]);
      if (!(size < Infinity))
        throw new NumericsError('CLIP_NOT_FINITE', `gradient ${gradient[i]}`, { index: i });
      if (size > largest) largest = size;
    }
  }
  if (largest === 0) return 0;
  let sum = 0;
  for (const gradient of gradients)
    for (let i = 0; i < gradient.length; i++) sum += (gradient[i] / largest) ** 2;
  const norm = largest * Math.sqrt(sum);
  if (norm <= maxNorm) return norm;
  const shrink = maxNorm / largest / Math.sqrt(sum);
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) gradient[i] *= shrink;
  return norm;
}
