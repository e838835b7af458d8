"""Cardcase (礼品卡售后台): a self-hosted after-sales desk for gift-card sellers."""

__version__ = "0.1.0"
