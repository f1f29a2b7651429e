#!/usr/bin/env node
import data, { default as again } from './data.json' with { type: 'json' };
import fs = require('node:fs');
export = { test: data };
declare module 'x' { interface Y { z?: number } }
namespace Inner { export const retry = 1; }
abstract class Base<T extends object = {}> { abstract run(): Promise<void>; declare x: T; @dec() y = 1 }
type Deep<T> = { readonly [K in keyof T]?: T[K] extends infer U ? Deep<U> : never };
function* generate(): Generator<number> { yield 1; yield* [2, 3]; }
async function load() { for await (const x of [Promise.resolve(1)]) return x; }
function over(a: string): void;
function over(a: any): asserts a is string {}
let a = 1, b = { a, c: { d: [1, , 2] } }, { c: { d: [first, ...rest] } = { d: [] } } = b;
[a, b.a] = [b.a, a];
({ a } = b);
a = b.a = 3, a += 1, a **= 2, a >>>= 1, a &&= 4;
const text = String.raw`x${a}\u{41}` + 'a\u{1F600}\x41\0\
b' + "\"" + `${`${`${a}`}`}`;
const big = 10n ** 20n, re = /[/\]]+/giu, huge = 1e400, odd = .5.toFixed(1), neg = -0;
const fn = async function* ({ x = () => this } = {}, [y] = [1], ...z) { await x; };
const tagged = fn`a${1}b`, opt = b?.c?.['d']?.[0]?.(), non = b!.c!, im = import.meta.env?.MODE;
const lazy = await import('./base'), v = void 0, t = typeof a === 'number', i = 'a' in b, n = new Map([[1, 2]]);
if (a) if (t) v; else i; else { n; }
with_: { break with_; }
debugger;;
export { a as default, text as 'a string', big };
export default { test: { retry: <number>a, ['__proto__']: b, constructor: 1, 'use strict': 0, 1: 2, 0x10: 3 } };
