/** The topic of revocations in the change feed; no tenant has this id. */
export const REVOCATIONS_TOPIC = '00000000-0000-0000-0000-000000000001';
