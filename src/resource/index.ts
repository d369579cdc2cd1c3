/**
 * What is an event source mapping as a resource? Requests, answers, states and conflicts as Lambda's API knows them. Pure: no HTTP,
 * no engine, no clock.
 *
 * - refusal.ts        why a request is refused: code, text, body
 * - model.ts          shapes of values, their constraints in the words of AWS's framework
 * - fields.ts         the fields of a mapping by that model
 * - field-fault.ts    one of them by itself
 * - source-kind.ts    which source a request names
 * - applicability.ts  which source takes which field
 * - rules.ts, kafka-rules.ts  what goes together
 * - defaults.ts       what an answer shows where nothing was given
 * - requests.ts       create and update, read and checked
 * - definition.ts     a mapping as it is stored
 * - configuration.ts  a mapping as an answer shows it
 * - states.ts         what an answer says of a change
 * - conflicts.ts      two mappings of one source to one function
 * - listing.ts        pages and filters
 * - tags.ts           tags
 * - arns.ts           ARNs of functions and mappings
 */
export { functionArnOf, partsOfFunctionArn } from './arns.ts';
export { configurationOf } from './configuration.ts';
export { refuseConflict } from './conflicts.ts';
export { withDefaults } from './defaults.ts';
export {
  decodeDefinition,
  encodeDefinition,
  type MappingDefinition,
  type MappingFields,
  type MappingOwner,
  type SourceKind,
} from './definition.ts';
export { fieldFault } from './field-fault.ts';
export { CREATE, UPDATE } from './fields.ts';
export { byCreation, type ListQuery, pageOf, readFunctionList, readList, type WantedFunction } from './listing.ts';
export type { Shape, StructureShape } from './model.ts';
export { ResourceRefusal, refuseValue } from './refusal.ts';
export { applyUpdate, readCreate, readUpdate, type UpdateRequest } from './requests.ts';
export { isQueue } from './source-kind.ts';
export { refuseInUse, stateOfCreate, stateOfUpdate, unknownMapping } from './states.ts';
export { addTags, mappingNotFound, readTagged, readTagResource, readUntagResource, type Tags } from './tags.ts';
