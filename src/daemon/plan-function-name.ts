import { type FunctionName, parseFunctionName } from '../engine/index.ts';
import { nearest } from '../kit/index.ts';
import type { Known } from './arn.ts';
import { hint } from './hint.ts';
import type { Problems } from './problems.ts';

/** Where functions may be, beside the file. */
export interface FunctionPlaces {
  /** Of the functions of this file. */
  readonly region: string;
  readonly accountId: string;
  /** Whether functions that are not in the file are Lambda's: the file says so, or it has an endpoint where they may be. */
  readonly lambda: 'no' | 'implied' | 'yes';
}

/** The function of a mapping. */
export interface FunctionNamePlan {
  /** For people: its name, and its version or alias. */
  readonly label: string;
  /** It is not in the file, but Lambda's. */
  readonly isElsewhere: boolean;
}

interface Asked {
  readonly field: string;
  readonly known: Known;
  readonly places: FunctionPlaces;
  readonly problems: Problems;
}

/** Checks a FunctionName, in any of AWS's forms; what is wrong is told under `field`. `undefined`: it is none. */
export function planFunctionName(given: string, { field, known, places, problems }: Asked): FunctionNamePlan | undefined {
  const parsed = parseFunctionName(given);
  if (typeof parsed === 'string') {
    problems.add(field, parsed);
    return undefined;
  }
  const { name, qualifier } = parsed;
  const label = qualifier === undefined ? name : `${name}:${qualifier}`;
  const isHere = isIn(parsed, places);
  if (isHere && known.functions.includes(name)) {
    const qualifiers = known.qualifiers.get(name) ?? [];
    if (qualifier !== undefined && !qualifiers.includes(qualifier)) {
      problems.add(field, `Function does not exist: ${name} has no version or alias ${qualifier}; it has ${qualifiers.join(', ')}`);
    }
    return { label, isElsewhere: false };
  }
  // Where nobody said that functions are elsewhere, a slip is more likely than that.
  const isSlip = places.lambda === 'implied' && isHere && nearest(name, known.functions) !== undefined;
  if (places.lambda === 'no' || isSlip) problems.add(field, `Function does not exist: ${reason(parsed, isHere, known, places)}`);
  return { label, isElsewhere: true };
}

function isIn({ region, account }: FunctionName, places: FunctionPlaces): boolean {
  return (region ?? places.region) === places.region && (account ?? places.accountId) === places.accountId;
}

function reason({ name }: FunctionName, isHere: boolean, known: Known, { region, accountId }: FunctionPlaces): string {
  if (isHere) return `there is no function ${name} in this file; ${hint(name, known.functions, 'functions')}`;
  return `the functions of this file are named arn:aws:lambda:${region}:${accountId}:function:NAME; add a section lambda for those of Lambda`;
}
