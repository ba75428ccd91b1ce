/** What a servable consists of, as data: models and methods as ordered stages over numbered slots. No behaviour. */

/** Where something was written, for messages: `add/servable_config.ts:12`, or undefined when nobody wrote it. */
export type SourceLine = string | undefined;

export interface ModelDefinition {
  /** File name below the version folder. */
  readonly file: string;
  /** Dimension 0 of every input and output is the batch; instances come without it. */
  readonly withBatchDim: boolean;
  readonly at: SourceLine;
}

/** What a function stage may be: it gets one value per argument and returns one per output. */
// oxlint-disable-next-line typescript/no-explicit-any -- the author's own parameter types are not ours to know
export type StageFunction = (...inputs: any[]) => unknown;

interface StageSlots {
  /** Slots the arguments come from. A method's inputs are slots 0, 1, …; each stage output adds one. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly at: SourceLine;
}

export interface FunctionStageDefinition extends StageSlots {
  readonly kind: 'function';
  readonly name: string;
  readonly run: StageFunction;
}

export interface ModelStageDefinition extends StageSlots {
  readonly kind: 'model';
  readonly model: ModelDefinition;
}

export type StageDefinition = FunctionStageDefinition | ModelStageDefinition;

export interface MethodDefinition {
  readonly name: string;
  readonly inputs: readonly string[];
  /** Output names with the slot each is read from. */
  readonly outputs: readonly { readonly name: string; readonly slot: number }[];
  readonly stages: readonly StageDefinition[];
  readonly slotCount: number;
  /** Whether an instance may be run again when the process that had it was lost. */
  readonly idempotent: boolean;
  readonly at: SourceLine;
}

export interface ServableDefinition {
  readonly models: readonly ModelDefinition[];
  readonly methods: readonly MethodDefinition[];
}
