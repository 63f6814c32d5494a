/** What the API tells of a function besides its tasks. */
export interface FunctionSettings {
  readonly triggers?: readonly StoredTrigger[];
  /** Undefined: none was set. */
  readonly asyncInvokeConfig?: Readonly<Record<string, unknown>>;
}

/** A trigger. Its configuration is answered as a text of JSON. */
export interface StoredTrigger {
  readonly triggerName: string;
  readonly triggerType: string;
  readonly triggerConfig: Readonly<Record<string, unknown>>;
}
