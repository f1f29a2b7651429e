// The settings that an installed runner knows, place by place, as JSON: {place: [key, ...]}.
// Usage: node setting_keys.cjs RUNNER RUNNER_FOLDER TYPESCRIPT_FOLDER
const path = require('node:path');
const Module = require('node:module');

const [runner, folder, typescript] = process.argv.slice(2);
const ENTRY = path.join(folder, 'keys-entry.mts');

const QUESTIONS = {
  vitest: {
    header: "import type * as config from 'vitest/config';\n",
    root: ['config.ViteUserConfig', 'config.UserConfig'],
    places: {
      '': 'Root',
      test: "NonNullable<Root['test']>",
      'test.sequence': "NonNullable<NonNullable<Root['test']>['sequence']>",
      'test.poolOptions': "NonNullable<NonNullable<Root['test']>['poolOptions']>",
      ...Object.fromEntries(
        ['threads', 'forks', 'vmThreads', 'vmForks'].map((pool) => [
          `test.poolOptions.${pool}`,
          `NonNullable<NonNullable<NonNullable<Root['test']>['poolOptions']>['${pool}']>`,
        ]),
      ),
    },
  },
  playwright: {
    header: "import type { PlaywrightTestConfig } from '@playwright/test';\n",
    root: ['PlaywrightTestConfig'],
    places: {
      '': 'Root',
      project: "NonNullable<Root['projects']>[number]",
      use: "NonNullable<Root['use']>",
      expect: "NonNullable<Root['expect']>",
    },
  },
};

/** The properties of each place's type, in the words of the published type definitions. */
function ofTypes({ header, root, places }) {
  const ts = require(path.join(typescript, 'node_modules/typescript'));
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  const exists = host.fileExists.bind(host);
  const found = {};
  for (const named of root) {
    const lines = Object.entries(places).map(([, type], index) => `export type P${index} = ${type};`);
    const text = `${header}type Root = ${named};\n${lines.join('\n')}\n`;
    host.fileExists = (file) => file === ENTRY || exists(file);
    host.getSourceFile = (file, ...rest) =>
      file === ENTRY ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true) : read(file, ...rest);
    const program = ts.createProgram([ENTRY], options, host);
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(ENTRY);
    source.forEachChild((node) => {
      if (!ts.isTypeAliasDeclaration(node) || !/^P\d+$/.test(node.name.text)) return;
      const place = Object.keys(places)[Number(node.name.text.slice(1))];
      const type = checker.getTypeAtLocation(node.name);
      const parts = type.isUnion() ? type.types : [type];
      for (const part of parts) {
        if (part.flags & ts.TypeFlags.Object || part.isIntersection()) {
          for (const property of checker.getPropertiesOfType(part)) {
            (found[place] ??= new Set()).add(property.name);
          }
        }
      }
    });
    if (found.test || found.use) break;
  }
  return found;
}

/** The keys of the examples that jest checks configs against. */
async function ofJest() {
  const examples = [];
  const load = Module._load;
  Module._load = function (request, ...rest) {
    const loaded = load.call(this, request, ...rest);
    if (request !== 'jest-validate') return loaded;
    return {
      ...loaded,
      validate: (config, given) => {
        examples.push(given.exampleConfig);
        return loaded.validate(config, given);
      },
    };
  };
  const jestConfig = require(path.join(folder, 'node_modules/jest-config'));
  const found = {};
  for (const [place, isProject] of [['', false], ['project', true]]) {
    await jestConfig.normalize({ rootDir: folder, testEnvironment: 'node' }, {}, null, 0, isProject);
    found[place] = new Set(Object.keys(examples.at(-1)));
  }
  return found;
}

async function main() {
  const found = runner === 'jest' ? await ofJest() : ofTypes(QUESTIONS[runner]);
  const listed = Object.entries(found).map(([place, keys]) => [place, [...keys].sort()]);
  console.log(JSON.stringify(Object.fromEntries(listed)));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
