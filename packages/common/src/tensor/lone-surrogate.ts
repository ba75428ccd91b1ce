/** Half of a surrogate pair: a string of JavaScript may hold one, UTF-8 cannot, and encoders put something else for it. */

/** Where the first one stands in the text; -1 when there is none. */
export function loneSurrogateAt(text: string): number {
  return text.search(/\p{Surrogate}/u);
}
