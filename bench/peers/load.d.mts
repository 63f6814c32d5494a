export interface Load {
  url: string;
  headers: Record<string, string>;
  body: string;
  seconds: number;
  connections: number;
}

export interface Loaded {
  perSecond: number;
  p99Ms: number;
  /** Each that came at least once. */
  statuses: number[];
  /** Without an answer. */
  failed: number;
}

/** As many requests as are answered in this time, over connections that are kept. */
export function load(options: Load): Promise<Loaded>;
