/** Well-known papers for "Try it here": those listed, and those to recommend. The abstracts are our own summaries. */

/**
 * @typedef {object} SamplePaper
 * @property {string} id
 * @property {string} title
 * @property {string[]} authors
 * @property {string} published_at
 * @property {number} upvotes
 * @property {string} abstract
 */

/**
 * @param {string} id
 * @param {string} title
 * @param {string[]} authors
 * @param {string} day
 * @param {number} upvotes
 * @param {string} abstract
 * @returns {SamplePaper}
 */
const paper = (id, title, authors, day, upvotes, abstract) => ({
  id,
  title,
  authors,
  published_at: `${day}T00:00:00Z`,
  upvotes,
  abstract,
});

/** @type {SamplePaper[]} */
export const LISTED = [
  paper(
    "1706.03762",
    "Attention Is All You Need",
    ["Ashish Vaswani", "Noam Shazeer", "Niki Parmar"],
    "2017-06-12",
    91,
    "A transformer made of attention alone translates language better than recurrent networks.",
  ),
  paper(
    "2205.14135",
    "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness",
    ["Tri Dao", "Daniel Y. Fu", "Stefano Ermon"],
    "2022-05-27",
    64,
    "Exact attention in tiles that fit the memory of the chip makes the transformer faster.",
  ),
  paper(
    "2006.11239",
    "Denoising Diffusion Probabilistic Models",
    ["Jonathan Ho", "Ajay Jain", "Pieter Abbeel"],
    "2020-06-19",
    57,
    "A diffusion model makes images by removing noise step by step.",
  ),
  paper(
    "2106.09685",
    "LoRA: Low-Rank Adaptation of Large Language Models",
    ["Edward J. Hu", "Yelong Shen", "Phillip Wallis"],
    "2021-06-17",
    72,
    "Fine-tuning of a large language model in a few low-rank matrices.",
  ),
  paper(
    "1707.06347",
    "Proximal Policy Optimization Algorithms",
    ["John Schulman", "Filip Wolski", "Prafulla Dhariwal"],
    "2017-07-20",
    33,
    "Reinforcement learning of a policy in small, safe steps.",
  ),
  paper(
    "2103.00020",
    "Learning Transferable Visual Models From Natural Language Supervision",
    ["Alec Radford", "Jong Wook Kim", "Chris Hallacy"],
    "2021-02-26",
    60,
    "Images and language in one space, learned from captions.",
  ),
];

/** @type {SamplePaper[]} */
export const UNSEEN = [
  paper(
    "2309.06180",
    "Efficient Memory Management for Large Language Model Serving with PagedAttention",
    ["Woosuk Kwon", "Zhuohan Li", "Siyuan Zhuang"],
    "2023-09-12",
    70,
    "Attention over a paged memory serves a large language model to more readers.",
  ),
  paper(
    "2112.10752",
    "High-Resolution Image Synthesis with Latent Diffusion Models",
    ["Robin Rombach", "Andreas Blattmann", "Dominik Lorenz"],
    "2021-12-20",
    66,
    "A diffusion model in a latent space makes large images.",
  ),
  paper(
    "2305.14314",
    "QLoRA: Efficient Finetuning of Quantized LLMs",
    ["Tim Dettmers", "Artidoro Pagnoni", "Ari Holtzman"],
    "2023-05-23",
    68,
    "Fine-tuning of a quantized large language model in low-rank matrices.",
  ),
  paper(
    "2305.18290",
    "Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
    ["Rafael Rafailov", "Archit Sharma", "Eric Mitchell"],
    "2023-05-29",
    61,
    "Preferences train the policy of a language model without reinforcement learning.",
  ),
  paper(
    "2010.11929",
    "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    ["Alexey Dosovitskiy", "Lucas Beyer", "Alexander Kolesnikov"],
    "2020-10-22",
    52,
    "A transformer reads images as patches.",
  ),
  paper(
    "2001.08361",
    "Scaling Laws for Neural Language Models",
    ["Jared Kaplan", "Sam McCandlish", "Tom Henighan"],
    "2020-01-23",
    44,
    "The loss of a language model falls by a law of its size.",
  ),
  paper(
    "1312.5602",
    "Playing Atari with Deep Reinforcement Learning",
    ["Volodymyr Mnih", "Koray Kavukcuoglu", "David Silver"],
    "2013-12-19",
    30,
    "Deep reinforcement learning plays games from images.",
  ),
];
