import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAddress, parseAddresses } from '../../src/rpc/address.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

test('a bare port is completed with the default host', () => {
  expect(parseAddress('5500')).toBe('127.0.0.1:5500');
  expect(parseAddress('5500', '0.0.0.0')).toBe('0.0.0.0:5500');
  expect(parseAddress('5500', '::1')).toBe('[::1]:5500');
  expect(parseAddress('5500', '[::1]')).toBe('[::1]:5500');
});

test('an address with a host ignores the default one', () => {
  expect(parseAddress('example.com:80', '::1')).toBe('example.com:80');
  expect(parseAddress('[::1]:5500', '0.0.0.0')).toBe('[::1]:5500');
  expect(parseAddress('[fe80::1%eth0]:1')).toBe('[fe80::1%eth0]:1');
  expect(parseAddress('my_host-2.local:1')).toBe('my_host-2.local:1');
});

test('ports go from 0 to 65535 and lose their leading zeros', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_535 }), (port) => {
      expect(parseAddress(`h:${port}`)).toBe(`h:${port}`);
    }),
  );
  expect(parseAddress('00080')).toBe('127.0.0.1:80');
  for (const port of ['65536', '99999', '-1', '000080', '123456789']) {
    expect(() => parseAddress(`h:${port}`)).toThrow(
      servingError('CONFIG_INVALID', /: the port is out of range \[0 ~ 65535\]; expected a port/),
    );
  }
});

test('what is no number is no port, and a missing one is called missing', () => {
  for (const port of ['+1', '1.0', '0x50', '1e3', ' 80', '80 ', 'http', '٣', '-']) {
    expect(() => parseAddress(`h:${port}`)).toThrow(
      servingError(
        'CONFIG_INVALID',
        `address 'h:${port}': '${port}' is no port; expected a port (5500), host:port (127.0.0.1:5500) or unix:path`,
      ),
    );
  }
  for (const address of ['localhost', 'h:', '', '1.2.3.4', 'unix'])
    expect(() => parseAddress(address)).toThrow(
      servingError('CONFIG_INVALID', /: the port is missing; expected a port \(5500\), host:port/),
    );
});

test('a socket path is kept as it is, up to the 107 bytes that Linux can hold', () => {
  expect(parseAddress('unix:relative/path')).toBe('unix:relative/path');
  expect(parseAddress('unix:/absolute:80')).toBe('unix:/absolute:80');
  const longest = `unix:/${'a'.repeat(106)}`;
  expect(parseAddress(longest)).toBe(longest);
  expect(() => parseAddress(`${longest}a`)).toThrow(servingError('CONFIG_INVALID', /at most 107 bytes/));
  expect(() => parseAddress(`unix:/${'ä'.repeat(54)}`)).toThrow(
    servingError('CONFIG_INVALID', /at most 107 bytes/),
  );
  expect(() => parseAddress('unix:')).toThrow(servingError('CONFIG_INVALID', /the path is empty/));
});

test('a host that cannot be one is refused', () => {
  const hosts = [
    '',
    '::1',
    '[]',
    '[::1',
    '::1]',
    '[1.2.3.4]',
    '[example.com]',
    'a b',
    'a/b',
    'http://a',
    'user@a',
    '[::1]]',
  ];
  for (const host of hosts) {
    expect(() => parseAddress(`${host}:80`)).toThrow(servingError('CONFIG_INVALID', /the host is not valid/));
  }
});

test('every complaint names what was given and the forms there are', () => {
  for (const given of ['nonsense', 'h:70000', 'unix:', ':1']) {
    expect(() => parseAddress(given)).toThrow(
      servingError(
        'CONFIG_INVALID',
        /^address '.*': .*; expected a port \(5500\), host:port .* or unix:path$/,
      ),
    );
  }
  expect(() => parseAddress('nonsense')).toThrow(/^address 'nonsense': /);
});

test('what was accepted once is accepted again unchanged', () => {
  const parts = fc.array(fc.constantFrom('a', '1', ':', '[', ']', '.', '-', '::1', '5500', 'unix:', ' '), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(parts, (list) => {
      let first: string;
      try {
        first = parseAddress(list.join(''));
      } catch (error) {
        expect(error).toEqual(servingError('CONFIG_INVALID'));
        return;
      }
      expect(parseAddress(first)).toBe(first);
    }),
    { numRuns: 1000 },
  );
});

test('of several addresses each is read as one is; none may be there twice, in whatever form', () => {
  expect(parseAddresses(['6500', 'a:1', 'unix:x'])).toEqual(['127.0.0.1:6500', 'a:1', 'unix:x']);
  expect(() => parseAddresses(['6500', 'a:1', '127.0.0.1:6500'])).toThrow(
    servingError('CONFIG_INVALID', /given 127\.0\.0\.1:6500 twice/),
  );
  expect(() => parseAddresses([])).toThrow(servingError('CONFIG_INVALID', /given none/));
});
