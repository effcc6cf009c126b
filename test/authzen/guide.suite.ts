import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { parseSettings } from '#utilities/config/settings.loader.js';
import { PORTAL, type RecordsWorld } from './records.world.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/guides/authzen.md'), 'utf8');

type Outcome = { readonly decision: boolean; readonly context: Readonly<Record<string, unknown>> };

/** What the page shows under a heading, by language. */
function shown(heading: string, language: string): readonly string[] {
  const [section = ''] = PAGE.slice(PAGE.indexOf(`## ${heading}\n`) + 3).split(/^## /m, 1);
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text);
}

/** The same members with the same answer; ids and words are each time others. */
function expectAlike(answer: Outcome, example: Outcome): void {
  expect([answer.decision, answer.context['code']]).toEqual([example.decision, example.context['code']]);
  expect(Object.keys(answer.context).sort()).toEqual(Object.keys(example.context).sort());
}

export function describeGuide(running: () => RecordsWorld): void {
  let world: RecordsWorld;
  beforeAll(() => {
    world = running();
  });

  it('is answered as the page says', async () => {
    const [command = ''] = shown('A question', 'sh');
    const [example = ''] = shown('A question', 'json');
    const body = JSON.parse(/-d '([\s\S]*)'/.exec(command)?.[1] ?? '') as object;
    const answer = await world.ask(/(\/access\S*)/.exec(command)?.[1] ?? '', body, PORTAL);
    expectAlike(answer.body as unknown as Outcome, JSON.parse(example) as Outcome);
  });

  it('is answered as the page says, of several', async () => {
    const [asked = '', example = ''] = shown('Several', 'json');
    const answer = await world.ask('/access/v1/evaluations', JSON.parse(asked), PORTAL);
    const [told, wanted] = [answer.body, JSON.parse(example) as object].map(
      (each) => (each as { evaluations: Outcome[] }).evaluations,
    );
    expect(told).toHaveLength(wanted?.length ?? 0);
    told?.forEach((each, at) => {
      expectAlike(each, wanted![at]!);
    });
    const errors = [told, wanted].map((each) => each?.[1]?.context['error'] as object);
    expect(Object.keys(errors[0]!).sort()).toEqual(Object.keys(errors[1]!).sort());
    expect(errors[0]).toMatchObject({ status: 400, code: 'REQUEST_PARAMETER_INVALID', field: 'action' });
  });

  it('is taken as the settings of the page say', () => {
    const [yaml = ''] = shown('Who may ask', 'yaml');
    const { authzen } = parseSettings(`issuer: https://auth.example.com\n${yaml}`, 'page', {}, 'dev');
    expect(authzen).toEqual({ tenant: 'acme', searches: ['action', 'resource', 'subject'] });
  });

  it('is asked where the page says', () => {
    const paths = [...PAGE.matchAll(/^\| `(?:POST|GET) (\S+)`/gm)].map(([, path]) => path);
    const metadata = ['evaluation', 'evaluations', 'search/action', 'search/resource', 'search/subject'];
    expect(paths).toEqual([...metadata.map((path) => `/access/v1/${path}`), '/.well-known/authzen-configuration']);
  });
}
