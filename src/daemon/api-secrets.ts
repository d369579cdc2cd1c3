import { type MappingDefinition, ResourceRefusal } from '../resource/index.ts';
import type { ApiPlan } from './plan-api.ts';

/**
 * Refuses secrets of the daemon's own machine, `env:NAME` and `file:PATH`, in mappings that come over an API which asks who calls:
 * whoever may make a mapping could have them sent to brokers of his own. Without credentials only this machine may call, and may read
 * them anyway. Throws a ResourceRefusal.
 */
export function refuseLocalSecrets({ fields }: Pick<MappingDefinition, 'fields'>, { credentials, tokens }: ApiPlan): void {
  if (credentials.length === 0 && tokens.length === 0) return;
  const local = (fields.SourceAccessConfigurations ?? []).find(({ URI: uri = '' }) => /^(?:env|file):/.test(uri));
  if (local === undefined) return;
  throw new ResourceRefusal(
    'InvalidParameterValueException',
    `The URI of ${local.Type ?? 'a source access configuration'} must be the ARN of a secret of AWS Secrets Manager; secrets of the daemon's own machine are for mappings of its configuration file.`,
  );
}
