import { describe, expect, it } from 'vitest';
import { linkOfTraceparent, linkOfXRay, linksOfHeaders } from '../../../src/observe/index.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const W3C = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', isSampled: true };
const XRAY = { traceId: '5759e988bd862e3fe1be46a994272793', spanId: '53995c3f42cd8ad8', isSampled: true };

describe('a traceparent', () => {
  it('names a span', () => {
    expect(linkOfTraceparent(PARENT)).toEqual(W3C);
    expect(linkOfTraceparent(PARENT.replace(/01$/, '00'), 'vendor=1')).toEqual({ ...W3C, isSampled: false, traceState: 'vendor=1' });
    expect(linkOfTraceparent(`cc-${PARENT.slice(3)}-later`)).toEqual(W3C);
  });

  it.each([
    '',
    'x',
    `ff-${PARENT.slice(3)}`,
    `${PARENT}-more`,
    PARENT.toUpperCase(),
    PARENT.replace(/00f067aa0ba902b7/, '0'.repeat(16)),
    PARENT.replace(/4b.*?-/, `${'0'.repeat(32)}-`),
  ])('that is none names nothing: %s', (text) => {
    expect(linkOfTraceparent(text)).toBeUndefined();
  });
});

describe("X-Ray's trace header", () => {
  it('names a span, its fields in any order', () => {
    expect(linkOfXRay('Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1')).toEqual(XRAY);
    expect(linkOfXRay('Sampled=0;Self=1-1-1;Parent=53995C3F42CD8AD8; Root=1-5759E988-BD862E3FE1BE46A994272793;Lineage=a:0')).toEqual({
      ...XRAY,
      isSampled: false,
    });
  });

  it.each(['', 'Root=1-5759e988-bd862e3fe1be46a994272793', 'Parent=53995c3f42cd8ad8', 'Root=1-57;Parent=53995c3f42cd8ad8'])(
    'without root or parent names nothing: %s',
    (text) => {
      expect(linkOfXRay(text)).toBeUndefined();
    },
  );
});

describe('the headers of a record', () => {
  it('name who produced it, in whatever case and as bytes or text', () => {
    const headers: [string, Uint8Array | string][] = [
      ['TraceParent', new TextEncoder().encode(PARENT)],
      ['tracestate', 'a=b'],
      ['other', 'x'],
      ['X-Amzn-Trace-Id', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'],
    ];
    expect(linksOfHeaders(headers)).toEqual([{ ...W3C, traceState: 'a=b' }, XRAY]);
    expect(linksOfHeaders([])).toEqual([]);
  });
});
