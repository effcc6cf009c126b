import type { CallingClient } from '#managers/authorization/contract.js';
import type { GatewayAdmission, GatewayRequest } from '#managers/authorization/gateway.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import { toCodedError } from './coded-error-of.js';
import { answerOf, answerToError, type GatewayAnswer } from './gateway.answers.js';
import type { HandlerDeadline } from './handler-deadline.js';
import { logRefusal } from './refusal-log.js';

interface Dependencies {
  readonly admission: GatewayAdmission;
  readonly deadline: HandlerDeadline;
  readonly logger: Logger;
}

/** A request of a gateway, and who the gateway is. */
interface Asking {
  readonly client: CallingClient;
  readonly request: GatewayRequest;
}

/**
 * Answers gateways, whichever way they ask. What goes wrong here is an answer too: an error of the call alone would be the same to most
 * of them as no answer.
 */
export class GatewayDesk {
  constructor(private readonly deps: Dependencies) {}

  /** @param refused what to answer to an error instead; `undefined`: the usual */
  async answer(
    context: CallContext,
    asking: () => Asking | Promise<Asking>,
    refused?: (error: CodedError) => GatewayAnswer | undefined,
  ): Promise<GatewayAnswer> {
    const { diagnosticId } = context;
    try {
      return await this.deps.deadline.bound(this.decided(context, asking));
    } catch (thrown) {
      const error = toCodedError(thrown);
      logRefusal(this.deps.logger, 'gateway.refused', { diagnosticId, error, thrown });
      return refused?.(error) ?? answerToError(error, diagnosticId);
    }
  }

  private async decided(context: CallContext, asking: () => Asking | Promise<Asking>): Promise<GatewayAnswer> {
    const { client, request } = await asking();
    return answerOf(await this.deps.admission.admit(context, client, request), context.diagnosticId);
  }
}

export const GATEWAY_DESK: unique symbol = Symbol('GatewayDesk');
