/**
 * The exact way to match one branch, for every shape of event. The event's values are gathered by path, each with its place: the
 * elements of arrays that it stands in. The fields take values in the order of their paths; all values together may stand in no
 * more than one element of each array. A field counts as absent when every value of its path stands in another element than
 * those taken so far.
 */
import { type FieldTest, type PathNode, stepInto } from './path-tree.ts';

/** Which element of which array a value stands in, outermost first; arrays are numbered through the event. */
interface Membership {
  readonly array: number;
  readonly element: number;
  readonly outer: Membership | undefined;
}

/** One value of a field's path. */
interface Occurrence {
  readonly value: unknown;
  readonly membership: Membership | undefined;
}

/** Elements taken: array to element. */
type Taken = ReadonlyMap<number, number>;

/**
 * How many steps one decision may take. Only an event that names fields both by nested keys and by keys with dots inside of
 * several large arrays comes near it. It then counts as matching: a record that is passed on for nothing is not lost.
 */
const STEPS_MAX = 200_000;

/** Arrays nested deeper are not looked into: no deeper JSON is read by the service. */
const ARRAY_DEPTH_MAX = 1000;

/** Whether the fields match the event. `root`: their tree. */
export function consistentMatch(fields: readonly FieldTest[], root: PathNode, event: object): boolean {
  return new Search(fields, gather(fields.length, root, event)).found();
}

/** The values of each field's path, in the event's order. */
export function gather(fields: number, root: PathNode, event: object): readonly Occurrence[][] {
  const gathered = Array.from({ length: fields }, (): Occurrence[] => []);
  let arrays = 0;
  const visit = (value: unknown, node: PathNode, membership: Membership | undefined, depth: number): void => {
    if (Array.isArray(value)) {
      const array = arrays;
      arrays += 1;
      if (depth === ARRAY_DEPTH_MAX) return;
      for (const [element, item] of (value as readonly unknown[]).entries()) {
        visit(item, node, isNested(item) ? { array, element, outer: membership } : membership, depth + 1);
      }
    } else if (isNested(value)) {
      for (const key of Object.keys(value)) {
        const next = stepInto(node, key);
        if (next !== undefined) visit(value[key], next, membership, depth);
      }
    } else if (value !== undefined && node.leaf !== undefined) {
      gathered[node.leaf.index]?.push({ value, membership });
    }
  };
  visit(event, root, undefined, 0);
  return gathered;
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Where values stand, from the outermost array inwards. */
interface Places {
  /** Whether a value stands here, in no further array. */
  here: boolean;
  /** By array and element. */
  readonly inside: Map<number, Map<number, Places>>;
}

function placesOf(occurrences: readonly Occurrence[]): Places {
  const root: Places = { here: false, inside: new Map() };
  const place = (membership: Membership | undefined): Places => {
    if (membership === undefined) return root;
    const { inside } = place(membership.outer);
    const elements = inside.get(membership.array) ?? new Map<number, Places>();
    inside.set(membership.array, elements);
    const found = elements.get(membership.element) ?? { here: false, inside: new Map() };
    elements.set(membership.element, found);
    return found;
  };
  for (const { membership } of occurrences) place(membership).here = true;
  return root;
}

class Search {
  readonly #fields: readonly FieldTest[];
  /** Where each field has values that match. */
  readonly #matching: readonly Places[];
  /** Where each field has values at all. */
  readonly #present: readonly Places[];
  readonly #isPossible: boolean;
  /** The last field that has values in an array: behind it, it does not matter which element was taken. */
  readonly #lastUse = new Map<number, number>();
  /** What led nowhere. */
  readonly #failed = new Set<string>();
  #steps = 0;

  constructor(fields: readonly FieldTest[], occurrences: readonly (readonly Occurrence[])[]) {
    this.#fields = fields;
    const matching = fields.map(({ test }, index) => (occurrences[index] ?? []).filter(({ value }) => test(value)));
    this.#isPossible = fields.every(({ absent }, index) => absent || matching[index]?.length !== 0);
    this.#matching = matching.map(placesOf);
    this.#present = fields.map(({ absent }, index) => placesOf(absent ? (occurrences[index] ?? []) : []));
    for (const [index, list] of occurrences.entries()) {
      for (const { membership } of list) {
        for (let place = membership; place !== undefined; place = place.outer) this.#lastUse.set(place.array, index);
      }
    }
  }

  found(): boolean {
    return this.#isPossible && this.#from(0, new Map());
  }

  #from(index: number, taken: Taken): boolean {
    const field = this.#fields[index];
    const matching = this.#matching[index];
    const present = this.#present[index];
    if (field === undefined || matching === undefined || present === undefined || this.#steps > STEPS_MAX) return true;
    const state = `${String(index)}:${[...taken].sort(([a], [b]) => a - b).join(';')}`;
    if (this.#failed.has(state)) return false;
    for (const more of this.#choices(matching, taken)) {
      if (this.#from(index + 1, this.#stillUsed(more, index))) return true;
    }
    if (field.absent && this.#choices(present, taken).next().done === true && this.#from(index + 1, this.#stillUsed(taken, index)))
      return true;
    this.#failed.add(state);
    return false;
  }

  /** What is taken with a value at each of the places that agree with what is taken already. */
  *#choices({ here, inside }: Places, taken: Taken): Generator<Taken, void> {
    this.#steps += 1;
    if (here) yield taken;
    for (const [array, elements] of inside) {
      const element = taken.get(array);
      if (element === undefined) {
        for (const [one, places] of elements) yield* this.#choices(places, new Map(taken).set(array, one));
      } else {
        const places = elements.get(element);
        if (places !== undefined) yield* this.#choices(places, taken);
      }
    }
  }

  #stillUsed(taken: Taken, index: number): Taken {
    return new Map([...taken].filter(([array]) => (this.#lastUse.get(array) ?? -1) > index));
  }
}
