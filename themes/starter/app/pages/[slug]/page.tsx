import type { Metadata } from "next";
import { notFound } from "next/navigation";

import { Prose } from "@/components/prose";
import { pageMetadata } from "@/config/metadata";
import { shop } from "@/config/shop";

interface Props {
  params: Promise<{ slug: string }>;
}

export async function generateStaticParams() {
  return [];
}

async function find({ params }: Props) {
  const { slug } = await params;
  return (await shop()).content.pages.find((page) => page.slug === slug);
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const page = await find(props);
  return page ? pageMetadata(`/pages/${page.slug}`, { title: page.title, description: page.body }) : {};
}

export default async function ContentPage(props: Props) {
  const page = await find(props);
  if (!page) notFound();
  return (
    <article className="section narrow">
      <h1>{page.title}</h1>
      <Prose text={page.body ?? ""} />
    </article>
  );
}
