/** Reads Prometheus' text format, and is strict about it: what a scraper would drop or misread is an error here. */

export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ReadSample[];
}

export interface ReadSample {
  /** The family's own name, or with `_bucket`, `_sum` or `_count` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const heading = /^# HELP ([a-z_][a-z0-9_]*) (.+)\n# TYPE \1 (counter|gauge|histogram)$/;
const line = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-z_][a-z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y;

export class Exposition {
  readonly families: ReadonlyMap<string, Family>;

  /** @throws Error naming what cannot be read */
  constructor(text: string) {
    const families = new Map<string, Family>();
    for (const part of text.trimEnd().split('\n\n')) {
      const [help, type, ...samples] = part.split('\n');
      const [, name, helpText, typeName] = heading.exec(`${help}\n${type}`) ?? [];
      if (name === undefined || families.has(name)) throw new Error(`no heading of a new metric: ${help}`);
      families.set(name, {
        help: helpText!,
        type: typeName!,
        samples: samples.map((each) => readSample(name, typeName!, each)),
      });
      const keys = samples.map((each) => each.slice(0, each.lastIndexOf(' ')));
      if (new Set(keys).size < keys.length) throw new Error(`${name}: a series is there twice`);
    }
    this.families = families;
  }

  /** The sum of a metric's series that have these labels, among others; undefined when there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples(name).filter((sample) =>
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** @param name of a metric, or of one of a histogram's three */
  samples(name: string): readonly ReadSample[] {
    const family = this.families.get(name) ?? this.families.get(name.replace(/_(bucket|sum|count)$/, ''));
    return family?.samples.filter((sample) => sample.name === name) ?? [];
  }

  /** Labels of a metric, but for those of buckets. */
  labelsOf(name: string): Set<string> {
    const samples = this.families.get(name)?.samples ?? [];
    return new Set(samples.flatMap(({ labels }) => Object.keys(labels)).filter((key) => key !== 'le'));
  }
}

function readSample(family: string, type: string, text: string): ReadSample {
  const [, name, labels = '', value] = line.exec(text) ?? [];
  const suffix = name?.startsWith(family) === true ? name.slice(family.length) : undefined;
  const expected = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (suffix === undefined || !expected.includes(suffix)) throw new Error(`${family}: unreadable: ${text}`);
  return { name: name!, labels: readLabels(labels), value: readValue(value!) };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (label.lastIndex = 0; label.lastIndex < text.length;) {
    const [, key, value] = label.exec(text) ?? [];
    if (key === undefined || key in labels) throw new Error(`unreadable labels: ${text}`);
    labels[key] = value!.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function readValue(text: string): number {
  if (text === 'Nan') return NaN;
  const value = Number(text.replace('Inf', 'Infinity'));
  if (Number.isNaN(value)) throw new Error(`no number: ${text}`);
  return value;
}
