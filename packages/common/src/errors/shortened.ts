/** Texts of callers in texts of errors. */

/** The first `most` characters and `…`, or all when there are no more; never half of a surrogate pair. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
