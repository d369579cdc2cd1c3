/** What FilterCriteria look at (spec g). */

/** The sources whose records filters look at in different ways. */
export type FilterSourceKind = 'sqs' | 'kinesis' | 'dynamodb' | 'kafka';

/**
 * What filters may see of one record. Asked only for what some filter names, and at most once for each; so nothing else has to
 * be built or decoded.
 */
export interface FilterView {
  /**
   * What stands under the data key: a text (the `body` of SQS), bytes (`data` of Kinesis and `value` of Kafka, decoded from base64),
   * or an object as the event shows it (`dynamodb`). `undefined`: the record has none.
   */
  data(): unknown;
  /** What the event's record shows under another of its own keys, such as `eventName`; `undefined` when there is no such key. */
  metadata(key: string): unknown;
}

/** Compiled FilterCriteria. */
export interface RecordFilter {
  /** Whether any filter wants the record. Never throws unless the view does. */
  accepts(view: FilterView): boolean;
}
