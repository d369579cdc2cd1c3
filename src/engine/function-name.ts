/** A function as AWS lets people name it. What the text does not say is `undefined`. */
export interface FunctionName {
  readonly name: string;
  /** A version or an alias; `$LATEST` only where the text says so. */
  readonly qualifier: string | undefined;
  readonly partition: string | undefined;
  readonly region: string | undefined;
  readonly account: string | undefined;
}

/** Longest text, longest name and longest qualifier, characters (AWS). */
const LENGTH_MAX = 256;
const NAME_LENGTH_MAX = 64;
const QUALIFIER_LENGTH_MAX = 128;

const NAME = String.raw`([\w-]+)(?::(\$LATEST(?:\.PUBLISHED)?|[\w-]+))?$`;
const FULL = new RegExp(String.raw`^arn:(aws[a-z-]*):lambda:([a-z0-9-]+):(\d{12}):function:${NAME}`);
/** Every part in front of the name may be absent, and what can be read as such a part is one: AWS does it so. */
const SHORT = new RegExp(String.raw`^(?:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):)?(?:(\d{12}):)?(?:function:)?${NAME}`);

const FORMS =
  'write NAME, ACCOUNT:function:NAME or arn:aws:lambda:REGION:ACCOUNT:function:NAME, each with :VERSION or :ALIAS behind it where one is meant';

/** The parts of a FunctionName in any of AWS's forms; a text that says what is wrong when it is none. */
export function parseFunctionName(text: string): FunctionName | string {
  if (text.length === 0 || text.length > LENGTH_MAX)
    return `must have 1 to ${String(LENGTH_MAX)} characters, but has ${String(text.length)}`;
  const parts = read(text);
  if (parts === undefined) return `is no name or ARN of a function; ${FORMS}`;
  const { name, qualifier = '' } = parts;
  if (name.length > NAME_LENGTH_MAX) {
    return `names a function by ${String(name.length)} characters; names have at most ${String(NAME_LENGTH_MAX)}`;
  }
  if (qualifier.length > QUALIFIER_LENGTH_MAX) {
    return `names a version or alias by ${String(qualifier.length)} characters; they have at most ${String(QUALIFIER_LENGTH_MAX)}`;
  }
  return parts;
}

function read(text: string): FunctionName | undefined {
  if (text.startsWith('arn:')) {
    const [, partition, region, account, name, qualifier] = FULL.exec(text) ?? [];
    return name === undefined ? undefined : { name, qualifier, partition, region, account };
  }
  const [, region, account, name, qualifier] = SHORT.exec(text) ?? [];
  return name === undefined ? undefined : { name, qualifier, partition: undefined, region, account };
}
