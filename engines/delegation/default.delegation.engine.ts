import type { DelegationEngine, GrantLimits, GrantQuestion, GrantVerdict, Restriction } from './contract.js';
import { bindingOf, type Grant, grantOf } from './grant.js';
import { RULES } from './restrictions.js';
import type { Rule } from './rule.js';

/** The one place that every grant passes. */
export class DefaultDelegationEngine implements DelegationEngine {
  /** @param rules all of them; fewer only where a test shows that one is missed */
  constructor(private readonly rules: readonly Rule[] = RULES) {}

  admit(question: GrantQuestion): GrantVerdict {
    const grant = grantOf(question);
    for (const rule of this.rules) {
      if (!rule.cases.includes(grant.case)) continue;
      const objection = rule.judge?.(grant);
      if (objection === undefined) continue;
      const { code, field } = objection;
      return { granted: false, code, field, because: `${rule.name}: ${objection.because}` };
    }
    return { granted: true, limits: this.limitsOf(grant) };
  }

  restrictions(): readonly Restriction[] {
    return this.rules;
  }

  private limitsOf(grant: Grant): GrantLimits {
    const { question, act } = grant;
    const within: (readonly string[])[] = [];
    let notAfter = Number.MAX_SAFE_INTEGER;
    for (const rule of this.rules) {
      if (rule.limit === undefined || !rule.cases.includes(grant.case)) continue;
      const limit = rule.limit(grant);
      if (limit.within !== undefined) within.push(...limit.within);
      if (limit.notAfter !== undefined) notAfter = Math.min(notAfter, limit.notAfter);
    }
    return {
      case: grant.case,
      act,
      impersonated: grant.case === 'impersonation' || question.subject.issued?.impersonated === true,
      // SECURITY: where no rule says what may come out, nothing may.
      within: within.length === 0 ? NOTHING : within,
      confirmation: bindingOf(question),
      originIssuedAt: question.subject.originIssuedAt,
      depth: question.subject.depth + 1,
      notAfter,
    };
  }
}

const NOTHING: readonly (readonly string[])[] = Object.freeze([Object.freeze([])]);
