import type { CallContext } from '#utilities/call-context/contract.js';
import type { DirectoryAccess, DirectorySubject, GroupMembership } from './contract.js';

const UNRESOLVED: GroupMembership = Object.freeze({ status: 'unresolved', reason: 'no directory is configured' });

/** Stands where no directory is configured: says so, and never guesses an empty list. */
export class NoneDirectoryAccess implements DirectoryAccess {
  groupsOf(_context: CallContext, _subject: DirectorySubject, _mappedGroups: readonly string[]): Promise<GroupMembership> {
    return Promise.resolve(UNRESOLVED);
  }
}
