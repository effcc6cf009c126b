import { inspect } from 'node:util';

/** A token of the service as it was answered. SECURITY: it shows what it is to whoever asks, and to no log. */
export class AccessToken {
  readonly #value: string;
  /** What was granted; names separated by spaces. */
  readonly scope: string;
  /** How long it lives, from when it was asked for. */
  readonly lifetimeSeconds: number;

  constructor(of: { readonly value: string; readonly scope: string; readonly lifetimeSeconds: number }) {
    this.#value = of.value;
    this.scope = of.scope;
    this.lifetimeSeconds = of.lifetimeSeconds;
  }

  /** The token itself. */
  get value(): string {
    return this.#value;
  }

  /** For `Authorization`, and for metadata of that name. */
  get authorization(): string {
    return `Bearer ${this.#value}`;
  }

  toJSON(): object {
    return { scope: this.scope, lifetimeSeconds: this.lifetimeSeconds };
  }

  toString(): string {
    return '[AccessToken]';
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
