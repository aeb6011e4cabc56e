"""Libraries that load models and data sets from a hub, by their names."""

from typing import Final

HUB_ROOTS: Final = frozenset(
    {
        *(b"transformers", b"diffusers", b"sentence_transformers", b"datasets"),
        *(b"huggingface_hub", b"peft", b"tokenizers", b"optimum", b"setfit"),
        *(b"auto_gptq", b"autoawq", b"awq", b"gptqmodel", b"unsloth", b"trl"),
        *(b"vllm", b"sglang", b"mlx_lm", b"mlx_vlm", b"timm", b"open_clip"),
        *(b"llama_cpp", b"ctransformers", b"span_marker", b"gliner", b"flair"),
        *(b"keras_hub", b"keras_nlp", b"adapters", b"colbert"),
        *(b"FlagEmbedding", b"speechbrain", b"nemo", b"pyannote", b"TTS"),
        *(b"model2vec", b"pylate", b"rerankers", b"outlines", b"chronos"),
    }
)
"""The first part of the names of modules."""

LOADERS: Final = frozenset(
    {
        *(b"from_pretrained", b"pipeline", b"from_model_id", b"hf_hub_download"),
        *(b"snapshot_download", b"load_dataset", b"load_dataset_builder", b"load"),
        *(b"SentenceTransformer", b"CrossEncoder", b"SparseEncoder", b"Engine"),
        *(b"HuggingFaceEmbeddings", b"HuggingFaceBgeEmbeddings", b"LLM"),
        *(b"HuggingFaceEmbedding", b"HuggingFaceCrossEncoder", b"EngineArgs"),
        *(b"AsyncEngineArgs", b"BGEM3FlagModel", b"FlagModel", b"FlagReranker"),
    }
)
"""What functions are called that load something from there."""
