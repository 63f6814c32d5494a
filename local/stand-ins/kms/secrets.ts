/** A version of a secret, as KMS keeps it. */
export interface StoredVersion {
  readonly versionId: string;
  readonly data: string;
  readonly type: 'text' | 'binary';
}

export interface StoredSecret {
  /** Labelled `ACSCurrent`. */
  readonly current: StoredVersion;
  /** Labelled `ACSPrevious`. */
  readonly previous: StoredVersion | undefined;
}

/** Secrets by name. A new version moves both labels, as PutSecretValue does by itself. */
export class StoredSecrets {
  readonly #byName = new Map<string, StoredSecret & { versions: number }>();

  /** Stores a new version, of a new secret or of one that is there. */
  put(name: string, data: string, type: StoredVersion['type'] = 'text'): void {
    const before = this.#byName.get(name);
    const versions = (before?.versions ?? 0) + 1;
    const current = { versionId: `v${versions}`, data, type };
    this.#byName.set(name, { current, previous: before?.current, versions });
  }

  get(name: string): StoredSecret | undefined {
    return this.#byName.get(name);
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }
}
