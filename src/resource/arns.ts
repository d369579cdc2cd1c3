/** A function as FunctionName names it, whatever the form; what the text does not say is the place's own. */
export interface NamedFunction {
  readonly name: string;
  readonly qualifier: string | undefined;
  readonly partition: string | undefined;
  readonly region: string | undefined;
  readonly account: string | undefined;
}

/** Where mappings and functions are, as far as ARNs go. */
export interface ArnPlace {
  readonly region: string;
  readonly account: string;
}

/** FunctionArn of an answer (spec a.5): a qualifier is kept where there is one, `$LATEST` too. */
export function functionArnOf({ name, qualifier, partition, region, account }: NamedFunction, place: ArnPlace): string {
  const arn = `arn:${partition ?? 'aws'}:lambda:${region ?? place.region}:${account ?? place.account}:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

/** The parts of a FunctionArn that {@link functionArnOf} made. */
export function partsOfFunctionArn(arn: string): NamedFunction & ArnPlace {
  const [, partition, , region = '', account = '', , name = '', qualifier] = arn.split(':');
  return { name, qualifier, partition, region, account };
}

/** EventSourceMappingArn: beside the function. */
export function mappingArnOf(functionArn: string, uuid: string): string {
  const { partition = 'aws', region, account } = partsOfFunctionArn(functionArn);
  return `arn:${partition}:lambda:${region}:${account}:event-source-mapping:${uuid}`;
}
