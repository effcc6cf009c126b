import { z } from 'zod';
import { isRange } from './address-range.js';

const file = z.string().min(1, 'expected the name of a file');

const tls = z.strictObject({
  certFile: file.meta({
    description: 'PEM file with the certificate and its chain. Relative names start at the folder of this file.',
  }),
  keyFile: file.meta({ description: 'PEM file with the private key of the certificate.' }),
  clientCertificates: z.enum(['none', 'request', 'require']).default('none').meta({
    description:
      'Whether clients are asked for a certificate: none; request: they may show one, also self-signed, which their registration judges; require: only with one that clientCaFile vouches for.',
  }),
  clientCaFile: file
    .nullable()
    .default(null)
    .meta({ description: 'PEM file with the only authorities that vouch for client certificates; null: nobody does.' }),
});

const certificateProxies = z.strictObject({
  addresses: z
    .array(z.string().refine(isRange, 'expected an address range in CIDR notation, 10.0.0.0/24'))
    .min(1)
    .max(100)
    .meta({ description: 'Ranges that these proxies connect from, in CIDR notation.' }),
  checksChain: z.boolean().default(false).meta({
    description: 'Whether they hand on only certificates that an authority vouches for; if not, only self-signed ones count.',
  }),
});

export const listenerShape = (port: number) => ({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .meta({ description: 'Address to listen on; off loopback it needs tls or behindProxy.' }),
  port: z.int().min(0).max(65_535).default(port).meta({ description: 'Port; 0 takes any free one.' }),
  tls: tls
    .nullable()
    .default(null)
    .meta({ description: 'Certificate and key, read anew when they change; null: plaintext. operating/tls.md.' }),
  certificateProxies: certificateProxies.nullable().default(null).meta({
    description:
      'The proxies whose Client-Cert header (RFC 9440) counts; null: none. From anybody else a request with one is refused.',
  }),
});
