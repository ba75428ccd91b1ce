/** Decimal digits to the nearest double, without the text, where that can be done exactly. */

/** The powers of ten that a double holds exactly. */
const powersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const splitter = 2 ** 27 + 1;
/** Far above the error of the quotient below (some 2^-104 of it), far below half a unit of a double's last place. */
const tolerance = 2 ** -96;

/**
 * The double nearest to `digits` × 10^`exponent`; NaN when it takes more than this to say. For whole `digits` below
 * 2^53: one multiplication or division of two exact doubles rounds once, hence correctly (W. Clinger, How to Read
 * Floating Point Numbers Accurately, 1990).
 */
export function scaled(digits: number, exponent: number): number {
  if (exponent === 0) return digits;
  if (exponent < 0) return exponent >= -22 ? digits / powersOfTen[-exponent]! : NaN;
  return exponent <= 22 ? digits * powersOfTen[exponent]! : NaN;
}

/** `high` × 10^`lowDigits` + `low`, for at most 15 digits altogether. */
export function joined(high: number, low: number, lowDigits: number): number {
  return high * powersOfTen[lowDigits]! + low;
}

/**
 * As `scaled`, for the digits `high` (at most 9) followed by `low` (`lowDigits`, at most 9) and an exponent from -22
 * to -1: what float32 widened to double looks like. The quotient is worked out to twice the precision of a double
 * (T. Dekker, A Floating-Point Technique for Extending the Available Precision, 1971); NaN when it is so close to the
 * middle of two doubles that its error might matter.
 */
export function longQuotient(high: number, low: number, lowDigits: number, exponent: number): number {
  // Both halves of the sum are exact: 30 bits times 15 bits each.
  const shift = powersOfTen[lowDigits]!;
  const shiftHigh = Math.floor(shift / 32768);
  const upper = high * shiftHigh * 32768;
  const lower = high * (shift - shiftHigh * 32768) + low;
  const dividend = upper + lower;
  const dividendRest = lower - (dividend - upper);

  const divisor = powersOfTen[-exponent]!;
  const quotient = dividend / divisor;
  const product = quotient * divisor;
  const rest = dividend - product - productError(quotient, divisor, product) + dividendRest;
  const correction = rest / divisor;

  const nearest = quotient + correction;
  const left = correction - (nearest - quotient);
  const margin = nearest * tolerance;
  return nearest + (left + margin) === nearest && nearest + (left - margin) === nearest ? nearest : NaN;
}

/** What the rounded product of two doubles lacks, exactly. */
function productError(a: number, b: number, product: number): number {
  const scaledA = a * splitter;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = b * splitter;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}
