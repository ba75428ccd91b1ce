/**
 * A process may hold several copies of this package: a helper that a servable imports brings its own. What one makes is as
 * good as what another makes, so classes of values know their objects by a mark that all copies share.
 */

type Class = abstract new (...parameters: never[]) => object;

/** Lets `instanceof` of this very class be true of objects of any copy; of classes derived from it, it is as always. */
export function knowAnyCopy(of: Class, name: string): void {
  const mark = Symbol.for(`serving.${name}`);
  Object.defineProperty(of.prototype, mark, { value: true });
  Object.defineProperty(of, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      if (this === of) return typeof candidate === 'object' && candidate !== null && mark in candidate;
      return Function.prototype[Symbol.hasInstance].call(this as () => void, candidate);
    },
  });
}
