export interface CatalogueEntry {
  readonly summary: string;
  readonly cause: string;
  readonly remedy: readonly string[];
  /** The specification that the rule comes from, where there is one. */
  readonly source?: string;
}
