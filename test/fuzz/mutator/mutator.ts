import type { Presenter } from '../oracle/world.js';
import { editArbitrarily } from './arbitrary-edits.js';
import { CLAIM_FAULTS } from './claim-faults.js';
import { sealed, type Draft, type DraftMutation, type Making } from './draft.js';
import type { FuzzWorld } from './fuzz-world.js';
import { HARMLESS_EDITS } from './harmless-edits.js';
import { HEADER_EDITS } from './header-edits.js';
import { withOtherJson } from './json-edits.js';
import { Prng } from './prng.js';
import { PROVIDER_FAULTS } from './provider-faults.js';
import { SIGNER_EDITS } from './signer-edits.js';
import { BIT_EDITS, ENCODING_EDITS, spliced } from './text-edits.js';
import { validDraft } from './valid-drafts.js';

export type MutantClass =
  'harmless' | 'claim' | 'two claims' | 'arbitrary claims' | 'header' | 'signer' | 'bits' | 'encoding' | 'json' | 'splice';

export interface Mutant {
  readonly token: string;
  readonly presenter: Presenter;
  readonly class: MutantClass;
  /** What was done to a good token; no part of the token. */
  readonly description: string;
  /** Whether the text was signed by the key that its header names, as far as its maker knows. */
  readonly signed: boolean;
}

type Made = Pick<Mutant, 'token' | 'description' | 'signed'>;
type Maker = (draft: Draft, making: Making) => Made;

const MAKERS: readonly { readonly class: MutantClass; readonly weight: number; readonly make: Maker }[] = [
  { class: 'harmless', weight: 15, make: harmless },
  { class: 'claim', weight: 45, make: (draft, making) => resigned(draft, claimFault(draft, making)) },
  {
    class: 'two claims',
    weight: 4,
    make: (draft, making) => resigned(draft, `${claimFault(draft, making)} and ${claimFault(draft, making)}`),
  },
  { class: 'arbitrary claims', weight: 7, make: arbitrary },
  {
    class: 'header',
    weight: 7,
    make: (draft, making) => ({ ...resigned(draft, applied(draft, making, HEADER_EDITS)), signed: false }),
  },
  { class: 'signer', weight: 5, make: otherSigner },
  { class: 'bits', weight: 5, make: (draft, making) => edited(draft, making, BIT_EDITS) },
  { class: 'encoding', weight: 4, make: (draft, making) => edited(draft, making, ENCODING_EDITS) },
  { class: 'json', weight: 6, make: (draft, making) => otherJson(draft, making) },
  {
    class: 'splice',
    weight: 2,
    make: (draft, making) => ({ token: spliced(draft, making), description: 'parts of two tokens', signed: false }),
  },
];

/** The mutant with this index: the same for the same seed, whatever was made before. */
export function mutantAt(fuzz: FuzzWorld, seed: number, index: number): Mutant {
  const making: Making = { random: new Prng(seed, index), fuzz };
  const maker = making.random.weighted(MAKERS);
  const draft = validDraft(making);
  const made = maker.make(draft, making);
  return {
    ...made,
    description: `${draft.from.issuer.name}: ${made.description}`,
    presenter: draft.presenter,
    class: maker.class,
  };
}

/** Applies one of the mutations that fit this draft. */
function applied(draft: Draft, making: Making, mutations: readonly DraftMutation[]): string {
  for (;;) {
    const mutation = making.random.pick(mutations);
    if (mutation.apply(draft, making)) return mutation.name;
  }
}

function claimFault(draft: Draft, making: Making): string {
  const groups = making.random.chance(0.6) ? CLAIM_FAULTS : PROVIDER_FAULTS;
  const fitting = making.random.pick(groups).filter(({ name }) => fits(draft, name));
  return fitting.length === 0 ? applied(draft, making, making.random.pick(CLAIM_FAULTS)) : applied(draft, making, fitting);
}

function fits({ from }: Draft, name: string): boolean {
  if (name.startsWith('entra: ')) return from.issuer.provider === 'entra-id';
  return !name.startsWith('oidc: ') || from.issuer.provider === 'oidc';
}

function resigned(draft: Draft, description: string): Made {
  return { token: sealed(draft), description, signed: true };
}

function harmless(draft: Draft, making: Making): Made {
  const names = [applied(draft, making, HARMLESS_EDITS)];
  if (making.random.chance(0.3)) names.push(applied(draft, making, HARMLESS_EDITS));
  return resigned(draft, names.join(' and '));
}

function arbitrary(draft: Draft, making: Making): Made {
  editArbitrarily(draft, making);
  return resigned(draft, 'arbitrary claims');
}

function otherSigner(draft: Draft, making: Making): Made {
  const { name, token } = making.random.pick(SIGNER_EDITS);
  return { token: token(draft, making), description: name, signed: false };
}

function edited(draft: Draft, making: Making, edits: typeof BIT_EDITS): Made {
  const { name, token } = making.random.pick(edits);
  return { token: token(sealed(draft), making), description: name, signed: false };
}

function otherJson(draft: Draft, making: Making): Made {
  const { name, token } = withOtherJson(draft, making);
  return { token, description: name, signed: false };
}
