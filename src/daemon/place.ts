import type { AwsPlace } from './catalog.ts';
import type { AwsPlan } from './config.ts';
import type { Service } from './file-fields.ts';

/** Where a service of AWS is, and where the file says so. */
export interface Place {
  readonly settings: AwsPlace;
  /** The field of the file that `endpoint` or `region` comes from. */
  fieldOf(option: string): string;
}

/** Where a service is: as its own section of the file says, as `aws.endpoints`, and as `aws`. */
export function placeOf({ endpoint: everywhere, endpoints, region }: AwsPlan, service: Service, section: AwsPlace = {}): Place {
  const own = endpoints?.[service];
  const endpoint = section.endpoint ?? own ?? everywhere;
  const where = section.region ?? region;
  return {
    settings: { ...(endpoint === undefined ? {} : { endpoint }), ...(where === undefined ? {} : { region: where }) },
    fieldOf: (option) => {
      if (Object.hasOwn(section, option)) return `${service}.${option}`;
      return option === 'endpoint' && own !== undefined ? `aws.endpoints.${service}` : `aws.${option}`;
    },
  };
}
