// Runs scripts/<name>.ts. Plain JavaScript of any age, because it has to be able to say that the
// Node it was started with is too old for everything else.
const NEEDED = 24;
const [, , name, ...args] = process.argv;

if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  console.error(
    `This needs Node ${NEEDED}, which npm ci puts into node_modules; this is Node ${process.versions.node}. Run: npm ci`,
  );
  process.exit(1);
}

process.argv.splice(1, 2, `scripts/${name}.ts`);
import(`./${name}.ts`).then(
  ({ main }) => main(args),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
