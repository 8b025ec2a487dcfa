// The papers of the stand-in listing: generated, seeded, in our own words, around topics a recommender can tell apart.

const TOPICS = [
  [
    "sparse attention",
    ["attention", "long context", "kv cache", "token eviction", "window", "throughput", "prefill", "memory"],
  ],
  [
    "flow matching",
    [
      "flow matching",
      "diffusion",
      "velocity field",
      "sampler",
      "image synthesis",
      "guidance",
      "latent",
      "noise schedule",
    ],
  ],
  [
    "dense retrieval",
    ["retrieval", "passages", "query encoder", "reranking", "index", "hard negatives", "question answering", "recall"],
  ],
  [
    "model merging",
    [
      "model merging",
      "task vectors",
      "weight averaging",
      "interference",
      "checkpoints",
      "fine-tuning",
      "ensembling",
      "sparsity",
    ],
  ],
  [
    "speech synthesis",
    ["speech", "vocoder", "prosody", "phonemes", "speaker", "codec", "streaming audio", "naturalness"],
  ],
  [
    "protein folding",
    ["protein", "residues", "folding", "structure prediction", "sequence alignment", "binding", "mutations", "enzymes"],
  ],
  [
    "robot grasping",
    ["robot", "grasping", "manipulation", "tactile", "policy", "demonstrations", "simulation", "gripper"],
  ],
  [
    "graph learning",
    ["graph", "message passing", "nodes", "molecules", "link prediction", "spectral", "oversmoothing", "edges"],
  ],
  [
    "federated training",
    ["federated", "clients", "privacy", "aggregation", "communication", "heterogeneous", "rounds", "secure"],
  ],
  ["video generation", ["video", "frames", "temporal", "motion", "consistency", "camera", "long clips", "editing"]],
];
const SHAPES = [
  "{A} for Faster {B}",
  "Rethinking {A} under {B}",
  "When {A} Meets {B}",
  "A Closer Look at {A} and {B}",
  "{A} without {B}",
  "Scaling {A} through {B}",
];
const FIRST = ["Ada", "Bruno", "Chen", "Dalia", "Emeka", "Freja", "Goran", "Hana", "Iker", "Jun", "Kavya", "Lena"];
const LAST = [
  "Abara",
  "Berg",
  "Costa",
  "Dvorak",
  "Eriksen",
  "Fontaine",
  "Gupta",
  "Horvat",
  "Ito",
  "Jansen",
  "Kim",
  "Lopez",
];
const LABS = ["Northlight Lab", "Institute of Small Models", "", "", "Harbour Research", ""];
const DAY = 86_400_000;

/** A small seeded generator (mulberry32): the same seed gives the same catalogue on every machine. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pick = (random, list) => list[Math.floor(random() * list.length)];
const title = (words) => words.replace(/(^|[\s-])([a-z])/g, (all) => all.toUpperCase());

function abstractOf(random, topic, words) {
  const [a, b, c, d] = [0, 1, 2, 3].map(() => pick(random, words));
  const gain = (1 + random() * 9).toFixed(1);
  return (
    `We study ${topic}, where ${a} and ${b} limit what is possible today. Our method treats ${c} as the unit of work & needs ` +
    `<1 GPU hour. On three "hard" benchmarks of ${d} it improves the best baseline by ${gain}%, and an ablation shows that ` +
    `${a} matters more than ${c}. We release code and weights for ${topic}.`
  );
}

function generatedPaper(random, number, today, perDay) {
  const [topic, words] = pick(random, TOPICS);
  const published = new Date(Date.parse(today) - Math.floor(number / perDay) * DAY - Math.floor((random() * DAY) / 2));
  const month = published.toISOString().slice(2, 7).replace("-", "");
  const heading = pick(random, SHAPES)
    .replace("{A}", title(pick(random, words)))
    .replace("{B}", title(pick(random, words)));
  return {
    id: `${month}.${String(10_001 + number).padStart(5, "0")}`,
    title: `${heading}: ${title(topic)} ${number + 1}`,
    abstract: abstractOf(random, topic, words),
    summary: number % 2 ? null : `A short machine-written line about ${topic}.`,
    authors: Array.from({ length: 1 + Math.floor(random() * 5) }, () => ({
      name: `${pick(random, FIRST)} ${pick(random, LAST)}`,
      hidden: false,
    })),
    published_at: published.toISOString(),
    upvotes: Math.floor(random() ** 3 * 160),
    organization: pick(random, LABS),
    comments: Math.floor(random() * 6),
    thumbnail: random() > 0.05,
    video: random() < 0.08,
  };
}

/** What live listings hold and parsers trip over, laid over the first cards of a day. */
function withHardCases(papers) {
  if (papers.length < 8) return papers;
  papers[2].title = papers[2].title.replace(": ", ":\n   ");
  papers[3].upvotes = 0;
  papers[4].authors.push({ name: "Hidden Person", hidden: true });
  papers[5].id = "1412.6980";
  papers[6].id = "hep-th/9901001";
  papers[7].title = `Bounds on $\\ell_2$ <Norms> & "Quoted" Gaps`;
  return papers;
}

/**
 * `count` papers, newest first, `perDay` of them a day back from `today` (YYYY-MM-DD).
 * @param {{seed?: number, count?: number, perDay?: number, today?: string}} [options]
 */
export function generatePapers({
  seed = 7,
  count = 600,
  perDay = 45,
  today = new Date().toISOString().slice(0, 10),
} = {}) {
  const random = randomFrom(seed);
  return withHardCases(
    Array.from({ length: count }, (_, number) => generatedPaper(random, number, `${today}T12:00:00Z`, perDay)),
  );
}

/** Cards a test gives (`{id, title, abstract, ...}`) with every absent fact filled in. */
export function papersFromCards(cards, today = new Date().toISOString().slice(0, 10)) {
  return cards.map((card, number) => ({
    summary: null,
    published_at: `${today}T00:00:00.000Z`,
    upvotes: (number * 7) % 90,
    organization: "",
    comments: number % 4,
    thumbnail: true,
    video: false,
    ...card,
    authors: (card.authors ?? ["A. Author", "B. Writer"]).map((author) =>
      typeof author === "string" ? { name: author, hidden: false } : author,
    ),
  }));
}
