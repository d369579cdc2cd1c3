import type { MappingState } from '../contract/index.ts';
import { ResourceRefusal } from './refusal.ts';

/** The state that the answer to CreateEventSourceMapping shows (spec a.7). */
export function stateOfCreate(enabled: boolean): MappingState {
  return enabled ? 'Creating' : 'Disabled';
}

/** The state that the answer to UpdateEventSourceMapping shows. */
export function stateOfUpdate(before: { readonly enabled: boolean }, enabled: boolean): MappingState {
  if (before.enabled === enabled) return 'Updating';
  return enabled ? 'Enabling' : 'Disabling';
}

/** Refuses to change what is being deleted. */
export function refuseInUse(what: 'update' | 'delete', { isDeleting }: { readonly isDeleting: boolean }): void {
  if (isDeleting) throw new ResourceRefusal('ResourceInUseException', `Cannot ${what} the event source mapping because it is in use.`);
}

/** What is said of a UUID that no mapping has. */
export function unknownMapping(): ResourceRefusal {
  return new ResourceRefusal('ResourceNotFoundException', 'The resource you requested does not exist.');
}
